package main_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// A sweep removes records that are idle for maxIdle. Half of the records are idle: those with an
// even key, last used idleFor ago.
const (
	maxIdle = 20 * time.Minute
	idleFor = 30 * time.Minute
)

// swept is a cache to sweep, on its own server.
type swept struct {
	testing.TB
	*cache.Cache[int64, User]
	rdb     *redis.Client
	tracked bool
	have    int // the records are 0 to have-1; some may be removed
}

// sweepers are the policies under which a sweep can find idle records.
var sweepers = []struct {
	label   string
	tracked bool
}{{"Active", false}, {"Fixed, tracked", true}}

func newSwept(tb testing.TB, tracked bool) *swept {
	tb.Helper()
	s := &swept{TB: tb, rdb: server(tb), tracked: tracked}
	s.Cache = s.open(tracked)
	return s
}

// open returns another cache over the same records, as in another process.
func (s *swept) open(tracked bool) *cache.Cache[int64, User] {
	s.Helper()
	o := &cache.Options{TTL: ttl.Active(hour)}
	if s.tracked {
		o = &cache.Options{TTL: ttl.Fixed(hour), TrackAccess: tracked}
	}
	c, err := cache.New[int64](s.rdb, "swept", payload.JSON.Codec, o)
	s.must(err)
	s.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *swept) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// grow makes the cache n records, half of them idle. It writes removed records again, via a cache
// that has not yet noted accesses to them.
func (s *swept) grow(n int) {
	s.Helper()
	const step = 10_000
	writer := s.open(s.tracked)
	for from := 0; from < n; from += step {
		many := make(map[int64]User, step)
		for id := from; id < min(from+step, n); id++ {
			if id >= s.have || id%2 == 0 {
				many[int64(id)] = payload.Small.User
			}
		}
		s.must(writer.SetMany(s.Context(), many))
	}
	s.have = n
	if s.tracked {
		s.ageEntries()
	} else {
		s.ageTTLs()
	}
}

// ageTTLs sets the TTL of idle records as if they were renewed idleFor ago.
func (s *swept) ageTTLs() {
	s.Helper()
	pipe := s.rdb.Pipeline()
	for id := 0; id < s.have; id += 2 {
		pipe.PExpire(s.Context(), "swept:"+strconv.Itoa(id), hour-idleFor)
		if pipe.Len() == 5000 || id+2 >= s.have {
			_, err := pipe.Exec(s.Context())
			s.must(err)
		}
	}
}

// ageEntries changes the index of accesses as if idle records were used idleFor ago.
func (s *swept) ageEntries() {
	s.Helper()
	ctx := s.Context()
	now, err := s.rdb.Time(ctx).Result()
	s.must(err)
	score := float64(now.Add(-idleFor).UnixMilli())
	aged := 0
	for _, shard := range s.shards() {
		members, err := s.rdb.ZRange(ctx, shard, 0, -1).Result()
		s.must(err)
		var idle []redis.Z
		for i, member := range members {
			if id, err := strconv.Atoi(member); err != nil {
				s.Fatal(err)
			} else if id%2 == 0 {
				idle = append(idle, redis.Z{Score: score, Member: member})
			}
			if len(idle) == 1000 || i == len(members)-1 && len(idle) > 0 {
				s.must(s.rdb.ZAdd(ctx, shard, idle...).Err())
				aged += len(idle)
				idle = idle[:0]
			}
		}
	}
	if want := (s.have + 1) / 2; aged != want {
		s.Fatalf("%d records are idle by the index, want %d", aged, want)
	}
}

// shards returns the keys of the index.
func (s *swept) shards() []string {
	s.Helper()
	var shards []string
	keys := s.rdb.Scan(s.Context(), 0, "swept!seen:*", 5000).Iterator()
	for keys.Next(s.Context()) {
		shards = append(shards, keys.Val())
	}
	s.must(keys.Err())
	return shards
}

// pass is the result and the cost of one sweep.
type pass struct {
	sweep.Result
	alloc, inuse uint64    // peak growth of the heap
	slow         []command // slow commands, the slowest first
	control      []command // the same during a control of equal length
}

// sweepAll makes one pass on demand over n records, half of them idle. It fails if the pass does
// not remove exactly that half.
func (s *swept) sweepAll(n int, opts ...sweep.Option) pass {
	s.Helper()
	s.grow(n)
	log := s.slowlog()
	heap := watchHeap()
	var p pass
	var err error
	p.Result, err = s.Sweep(s.Context(), maxIdle, opts...)
	p.alloc, p.inuse = heap.stop()
	s.must(err)
	p.slow = log.read()
	p.control = s.control(p.Elapsed)
	idle := (n + 1) / 2
	if p.Scanned < n || p.Removed != idle || p.Kept != 0 || p.Failed != 0 {
		s.Fatalf("the sweep of %d records, %d of them idle: %+v", n, idle, p.Result)
	}
	// Only the records of the other half and the index are left.
	left, want := s.size(), n-idle
	for _, shard := range s.shards() {
		entries, err := s.rdb.ZCard(s.Context(), shard).Result()
		s.must(err)
		left, want = left+int(entries), want+1
	}
	if s.tracked {
		want += n - idle
	}
	if left != want {
		s.Fatalf("%d records and entries of the index are left of %d records, want %d", left, n,
			want)
	}
	return p
}

// size returns how many keys the server has.
func (s *swept) size() int {
	s.Helper()
	n, err := s.rdb.DBSize(s.Context()).Result()
	s.must(err)
	return int(n)
}

// command is an entry of the server's slow log.
type command struct {
	name string
	took time.Duration
}

func (c command) String() string {
	if c.took == 0 {
		return fmt.Sprintf("under %d", slowFrom.Microseconds())
	}
	return fmt.Sprintf("%s %d", strings.ToUpper(c.name), c.took.Microseconds())
}

// byTime sorts the slowest first.
func byTime(a, b command) int { return cmp.Compare(b.took, a.took) }

// slowFrom is the duration from which on the server logs a command.
const slowFrom = 200 * time.Microsecond

// slowlog reads what the server logs after the call that returned it.
type slowlog struct{ *swept }

func (s *swept) slowlog() slowlog {
	s.Helper()
	ctx := s.Context()
	s.must(s.rdb.ConfigSet(ctx, "slowlog-max-len", "100000").Err())
	s.must(s.rdb.ConfigSet(ctx, "slowlog-log-slower-than",
		strconv.FormatInt(slowFrom.Microseconds(), 10)).Err())
	s.must(s.rdb.Do(ctx, "slowlog", "reset").Err())
	return slowlog{s}
}

// read returns the commands, the slowest first.
func (l slowlog) read() []command {
	l.Helper()
	entries, err := l.rdb.SlowLogGet(l.Context(), -1).Result()
	l.must(err)
	var slow []command
	for _, e := range entries {
		if e.Args[0] == "slowlog" || e.Args[0] == "config" { // from this test
			continue
		}
		slow = append(slow, command{e.Args[0], e.Duration})
	}
	slices.SortFunc(slow, byTime)
	return slow
}

// control keeps the server busy for d with scripts of a few microseconds that touch no key. The
// slow ones among them show how often the machine stops the server.
func (s *swept) control(d time.Duration) []command {
	s.Helper()
	ctx := s.Context()
	sha, err := s.rdb.ScriptLoad(ctx,
		"local x = 0 for i = 1, 60 do x = x + i end return x").Result()
	s.must(err)
	log := s.slowlog()
	for begun := time.Now(); time.Since(begun) < d; {
		pipe := s.rdb.Pipeline()
		for range 256 {
			pipe.EvalSha(ctx, sha, nil)
		}
		_, err := pipe.Exec(ctx)
		s.must(err)
	}
	return log.read()
}

// held counts the commands that took longer than maxHold.
func held(slow []command) (n int) {
	for _, c := range slow {
		if c.took > maxHold {
			n++
		}
	}
	return n
}

func BenchmarkSweep(b *testing.B) {
	for _, p := range sweepers {
		b.Run(p.label, func(b *testing.B) {
			b.ReportAllocs()
			const n = 100_000
			s := newSwept(b, p.tracked)
			var spent time.Duration
			for b.Loop() {
				b.StopTimer()
				s.grow(n)
				b.StartTimer()
				res, err := s.Sweep(b.Context(), maxIdle)
				s.must(err)
				spent += res.Elapsed
			}
			b.ReportMetric(float64(n/2)*float64(b.N)/spent.Seconds(), "removals/s")
		})
	}
}
