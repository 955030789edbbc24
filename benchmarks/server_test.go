package main_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

// value is the value of all records of which the server is measured: 200 bytes.
var value = bytes.Repeat([]byte("0123456789"), 20)

// figure is a call whose server time is measured. command is the name under which INFO commandstats
// counts that time.
type figure struct {
	label   string
	command string
	op      func(id int64) error
}

// figures returns calls of the cache only, so that they measure what the cache sends.
func figures(tb testing.TB, rdb redis.UniversalClient) []figure {
	ctx := tb.Context()
	made := func(
		name string, policy ttl.Policy, opts ...cache.SetOption,
	) *cache.Cache[int64, []byte] {
		c := newCache[int64](tb, rdb, name, codec.Bytes{}, policy)
		for id := range int64(records) {
			if err := c.Set(ctx, id, value, opts...); err != nil {
				tb.Fatal(err)
			}
		}
		return c
	}
	active, fixed := made("active", ttl.Active(hour)), made("fixed", ttl.Fixed(hour))
	own := made("own", ttl.Active(hour), cache.WithTTL(hour/2))
	mixed := made("mixed", ttl.Active(hour))
	if err := mixed.Set(ctx, records, value, cache.WithTTL(hour/2)); err != nil {
		tb.Fatal(err)
	}
	reads := 0
	byScript := func(id int64) error {
		if reads++; reads%200 == 0 {
			// Without a record with its own TTL now and then, the cache would use GETEX again.
			id = records
		}
		_, err := mixed.Get(ctx, id)
		return err
	}
	get := func(c *cache.Cache[int64, []byte]) func(int64) error {
		return func(id int64) error { _, err := c.Get(ctx, id); return err }
	}
	set := func(c *cache.Cache[int64, []byte], opts ...cache.SetOption) func(int64) error {
		return func(id int64) error { return c.Set(ctx, id, value, opts...) }
	}
	update := func(c *cache.Cache[int64, []byte]) func(int64) error {
		return func(id int64) error { return c.Update(ctx, id, value) }
	}
	swap := func(c *cache.Cache[int64, []byte]) func(int64) error {
		return func(id int64) error {
			_, err := c.Modify(ctx, id, func(v []byte) ([]byte, error) { v[0]++; return v, nil })
			return err
		}
	}
	return []figure{
		{"GET (Get, Fixed)", "get", get(fixed)},
		{"GETEX (Get, Active)", "getex", get(active)},
		{"SET PX (Set)", "set", set(active)},
		{"get.lua on a string", "evalsha", byScript},
		{"get.lua on a list", "evalsha", get(own)},
		{"set.lua, a list", "evalsha", set(own, cache.WithTTL(hour/2))},
		{"update.lua on a string", "evalsha", update(active)},
		{"update.lua on a list", "evalsha", update(own)},
		// There is no Modify of a list: it reads via get.lua, which is an EVALSHA too.
		{"swap.lua on a string (in Modify)", "evalsha", swap(active)},
	}
}

// serverTime returns the microseconds that the server spends per call of f. INFO commandstats
// counts them over the given number of calls.
func serverTime(ctx context.Context, rdb *redis.Client, f figure, calls int) (float64, error) {
	if err := f.op(0); err != nil { // loads the script into the server
		return 0, err
	}
	if err := rdb.ConfigResetStat(ctx).Err(); err != nil {
		return 0, err
	}
	for i := range calls {
		if err := f.op(int64(i % records)); err != nil {
			return 0, err
		}
	}
	stats, err := serverinfo.Commands(ctx, rdb)
	if err != nil {
		return 0, err
	}
	s := stats[f.command]
	if s.Calls != calls {
		return 0, fmt.Errorf("%s: %d calls of %s, want %d", f.label, s.Calls, f.command, calls)
	}
	return s.Micros / float64(calls), nil
}

// memory is the MEMORY USAGE, in bytes, of one record with a value of 200 bytes: written by hand,
// under the policy, and with its own TTL.
type memory struct{ raw, policy, own int64 }

func memoryUsage(tb testing.TB, rdb *redis.Client) memory {
	tb.Helper()
	ctx := tb.Context()
	const key = "users:42"
	users := newCache[int64](tb, rdb, "users", codec.Bytes{}, ttl.Active(hour))
	usage := func(err error) int64 {
		tb.Helper()
		n, failed := rdb.MemoryUsage(ctx, key, 0).Result()
		if err != nil || failed != nil {
			tb.Fatal(err, failed)
		}
		if err := rdb.Del(ctx, key).Err(); err != nil {
			tb.Fatal(err)
		}
		return n
	}
	return memory{
		raw:    usage(rdb.Set(ctx, key, value, hour).Err()),
		policy: usage(users.Set(ctx, 42, value)),
		own:    usage(users.Set(ctx, 42, value, cache.WithTTL(hour/2))),
	}
}
