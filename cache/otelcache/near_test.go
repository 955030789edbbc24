package otelcache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func near() *cache.Options {
	return &cache.Options{TTL: ttl.Fixed(time.Hour), Near: &cache.Near{}}
}

// eventually waits for what happens in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not after 20 s: " + what)
		}
	}
}

// hits reads a record until a copy has answered n times.
func hits(t *testing.T, c *cache.Cache[int, user], id int, n int64) {
	t.Helper()
	eventually(t, "hits in memory", func() bool {
		if _, err := c.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return c.Stats().Near.Hits >= n
	})
}

// Answers from memory are in near.reads, and not in operation.duration and records.
func TestNearReads(t *testing.T) {
	s := redistest.Start(t)
	tel := newTelemetry(t)
	c := tel.newCache(s.Client(t), "users", near())
	must(t, c.Set(t.Context(), 1, user{"Ann"}))
	hits(t, c, 1, 10)
	must(t, c.Set(t.Context(), 1, user{"Bob"}))
	stats := c.Stats().Near
	tel.want("rediscache.near.reads", "users", series("hit", stats.Hits),
		series("miss", stats.Misses), series("bypassed", stats.Bypassed))
	tel.want("rediscache.near.invalidations", "users", series("write", stats.Written),
		"flush=0", "reconnect=0", "topology=0")
	asked := stats.Misses + stats.Bypassed
	tel.want("rediscache.records", "users", series("Get hit", asked), "Set ok=2")
	tel.want("rediscache.operation.duration", "users", series("Get hit", asked), "Set ok=2")
	if stats.Hits < 10 || stats.Written == 0 {
		t.Errorf("the stats are %+v", stats)
	}

	hits(t, c, 1, stats.Hits+1)
	eventually(t, "a batch that memory answers", func() bool {
		before := c.Stats().Near.Hits
		_, err := c.GetMany(t.Context(), []int{1})
		must(t, err)
		return c.Stats().Near.Hits > before
	})
	for outcome := range tel.values("rediscache.operation.duration", "users") {
		if strings.HasPrefix(outcome, "GetMany near") {
			t.Errorf("a batch that memory answered was timed: %s", outcome)
		}
	}
	tel.want("rediscache.near.entries", "users", series("", int64(c.Stats().Near.Entries)))
	tel.want("rediscache.near.size", "users", series("", c.Stats().Near.Bytes))
	if lag := tel.values("rediscache.near.lag", "users"); len(lag) != 1 || lag[""] > 60 {
		t.Errorf("the lag is %v", lag)
	}
	s.Kill()
	eventually(t, "a loss", func() bool {
		return tel.values("rediscache.near.invalidations", "users")["reconnect"] == 1
	})
	tel.want("rediscache.near.lag", "users") // there is no proof
}

func series(labels string, n int64) string { return fmt.Sprintf("%s=%d", labels, n) }

// Counters go on when a cache is closed and when another one of the same name is made. A cache does
// not count what its client counted before.
func TestCountersGoOn(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t)
	tel := newTelemetry(t)
	other := tel.newCache(rdb, "other", near()) // keeps the client's connection
	must(t, other.Set(t.Context(), 1, user{"Ann"}))
	hits(t, other, 1, 1)
	must(t, rdb.FlushDB(t.Context()).Err())
	eventually(t, "a flush", func() bool { return other.Stats().Near.Flushes > 0 })

	var last map[string]float64
	check := func(when string) {
		t.Helper()
		now := tel.values("rediscache.near.reads", "users")
		for outcome, n := range last {
			if now[outcome] < n {
				t.Errorf("%s, %s goes from %v to %v", when, outcome, n, now[outcome])
			}
		}
		last = now
		if n := tel.values("rediscache.near.invalidations", "users")["flush"]; n != 0 {
			t.Errorf("%s, there are %v flushes", when, n)
		}
	}
	var sum int64
	for range 3 {
		c := tel.newCache(rdb, "users", near())
		must(t, c.Set(t.Context(), 1, user{"Ann"}))
		hits(t, c, 1, 5)
		check("open")
		must(t, c.Close())
		sum += c.Stats().Near.Hits
		check("closed")
		if last["hit"] != float64(sum) {
			t.Errorf("%v hits, want %d", last["hit"], sum)
		}
		tel.want("rediscache.near.entries", "users")
		tel.want("rediscache.sweep.overdue", "users")
	}
	one, two := tel.newCache(rdb, "users", near()), tel.newCache(rdb, "users", near())
	hits(t, one, 1, 1)
	hits(t, two, 1, 1)
	check("with two")
	if want := sum + one.Stats().Near.Hits + two.Stats().Near.Hits; last["hit"] != float64(want) {
		t.Errorf("%v hits, want %d", last["hit"], want)
	}
	if n := tel.values("rediscache.near.entries", "users")[""]; n != 2 {
		t.Errorf("%v copies, want 2", n)
	}
	if maps.Equal(last, tel.values("rediscache.near.reads", "other")) {
		t.Error("two names have one series")
	}
}

// A cache that is closed while metrics are collected is counted once.
func TestCloseWhileCollecting(t *testing.T) {
	tel := newTelemetry(t)
	watch := tel.Hook.(cache.StatsHook).Watch
	for range 100 {
		var now cache.Stats
		now.Near.ProofAge = -1
		stop := watch("users", func() cache.Stats { return now })
		now.Near.Hits = 10
		before := tel.values("rediscache.near.reads", "users")["hit"]
		done := make(chan float64)
		go func() { done <- tel.values("rediscache.near.reads", "users")["hit"] }()
		stop()
		if during := <-done; during != before {
			t.Fatalf("hits go from %v to %v", before, during)
		}
	}
}

// A key that memory knows to be absent is in near.reads alone, even if its batch asks Redis for
// other keys.
func TestKnownAbsenceInABatch(t *testing.T) {
	tel := newTelemetry(t)
	o := near()
	o.Load.Absent = time.Hour
	c := tel.newCache(redistest.Start(t).Client(t), "users", o)
	ctx, ids := t.Context(), []int{1, 3, 9}
	must(t, c.Set(ctx, 1, user{"Ann"}))
	none := func(context.Context, []int) (map[int]user, error) { return nil, nil }
	for records, read := range map[string]func() error{
		"GetMany miss": func() error { _, err := c.GetMany(ctx, ids); return err },
		"GetOrLoadMany absent": func() error {
			_, err := c.GetOrLoadMany(ctx, ids, none)
			return err
		},
	} {
		eventually(t, "a batch of which memory answers two", func() bool {
			_, err := c.GetOrLoad(ctx, 3, func(context.Context, int) (user, error) {
				return user{}, cache.ErrNotFound
			})
			if !errors.Is(err, cache.ErrNotFound) {
				t.Error(err)
			}
			must(t, c.Delete(ctx, 9)) // memory does not know that it is absent
			before, counted := c.Stats().Near.Hits, tel.values("rediscache.records", "users")
			must(t, read())
			if c.Stats().Near.Hits-before != 2 {
				return false
			}
			if n := tel.values("rediscache.records", "users")[records] - counted[records]; n != 1 {
				t.Errorf("%v of %v count as %q, want 1", n, ids, records)
			}
			return true
		})
	}
}

// If Redis refuses the lease of a refresh, no call of a loader is counted.
func TestRefusedRefresh(t *testing.T) {
	s := redistest.Start(t)
	tel := newTelemetry(t)
	o := func() *cache.Options {
		return &cache.Options{TTL: ttl.Fixed(time.Hour, ttl.Refresh(30*time.Minute))}
	}
	admin := s.Client(t)
	must(t, tel.newCache(admin, "users", o()).Set(t.Context(), 1, user{"Ann"}))
	must(t, admin.PExpire(t.Context(), "users:1", time.Minute).Err())
	must(t, admin.Do(t.Context(), "acl", "setuser", "default", "-set").Err())
	c := tel.newCache(s.Client(t), "users", o()) // does not know that the record is not due
	_, err := c.GetOrLoad(t.Context(), 1, ann)
	must(t, err)
	must(t, c.Close()) // waits for the end of the refresh
	tel.want("rediscache.notices", "users", "redis Refresh=1")
	tel.want("rediscache.load.duration", "users")
	tel.want("rediscache.load.active", "users", "=0")
}
