package main_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/cache"
)

// trackCases compare reads of a cache that tracks accesses with those of one that does not. The
// first case reads records whose access is noted already, the second reads records for the first
// time. All have an odd key, because a sweep removes the even ones.
func trackCases(s *swept) []measure.Case {
	s.Helper()
	side := func(name string, c *cache.Cache[int64, User], among int64) measure.Side {
		return measure.Side{Name: name, Op: func(n int) error {
			_, err := c.Get(s.Context(), int64(n)%among*2+1)
			return err
		}}
	}
	plain, hot := s.open(false), s.open(true)
	noted := side("tracked", hot, records)
	for n := range records {
		s.must(noted.Op(n))
	}
	many := int64(s.have / 2)
	return []measure.Case{
		{Labels: []string{"noted before"},
			Sides: []measure.Side{side("plain", plain, records), noted}},
		{Labels: []string{"first read"},
			Sides: []measure.Side{side("plain", plain, many), side("tracked", s.open(true), many)}},
	}
}

// traffic is a hook that counts the commands and round trips of a client.
type traffic struct{ commands, trips int }

func (*traffic) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		return next(ctx, network, addr)
	}
}

func (t *traffic) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.commands, t.trips = t.commands+1, t.trips+1
		return next(ctx, cmd)
	}
}

func (t *traffic) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.commands, t.trips = t.commands+len(cmds), t.trips+1
		return next(ctx, cmds)
	}
}

// trafficOf returns what the first read of a record sends, and what the next one sends. Call it
// last: its hook stays on the client.
func (s *swept) trafficOf(tracked bool) (first, further traffic) {
	s.Helper()
	c := s.open(tracked)
	get := func(id int64) { _, err := c.Get(s.Context(), id); s.must(err) }
	get(1) // loads the script into the server
	var sent traffic
	s.rdb.AddHook(&sent)
	get(3)
	first = sent
	get(3)
	return first, traffic{sent.commands - first.commands, sent.trips - first.trips}
}

// indexUsage is the memory of the server per record of a Fixed cache, in bytes. record and added
// (by tracking) are from INFO, and index is from MEMORY USAGE.
type indexUsage struct{ record, added, index float64 }

func indexUsageOf(tb testing.TB, n int) indexUsage {
	tb.Helper()
	filled := func(track bool) (*swept, float64) {
		s := newSwept(tb, true)
		before := s.usedMemory()
		c := s.open(track)
		for id := range int64(n) {
			if id%10_000 == 0 {
				many := make(map[int64]User, 10_000)
				for i := id; i < min(id+10_000, int64(n)); i++ {
					many[i] = payload.Small.User
				}
				s.must(c.SetMany(s.Context(), many))
			}
		}
		return s, (s.usedMemory() - before) / float64(n)
	}
	_, plain := filled(false)
	s, tracked := filled(true)
	var index int64
	for _, shard := range s.shards() {
		bytes, err := s.rdb.MemoryUsage(s.Context(), shard, 0).Result()
		s.must(err)
		index += bytes
	}
	return indexUsage{record: plain, added: tracked - plain, index: float64(index) / float64(n)}
}

// usedMemory returns used_memory from INFO, in bytes.
func (s *swept) usedMemory() float64 {
	s.Helper()
	info, err := s.rdb.Info(s.Context(), "memory").Result()
	s.must(err)
	for line := range strings.Lines(info) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			bytes, err := strconv.ParseFloat(text, 64)
			s.must(err)
			return bytes
		}
	}
	s.Fatal("no used_memory in INFO")
	return 0
}
