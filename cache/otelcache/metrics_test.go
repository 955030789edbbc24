package otelcache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// The metrics say what a cache did. A miss is not an error.
func TestOperations(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t, withSizes)
		c := tel.newCache(b.Client, b.Name(), nil)
		ctx, name := t.Context(), c.Name()
		must(t, c.Set(ctx, 1, user{"Ann"}))
		must(t, c.SetMany(ctx, map[int]user{2: {"Bob"}, 3: {"Cid"}}))
		for range 2 {
			if u, err := c.Get(ctx, 1); err != nil || u.Name != "Ann" {
				t.Errorf("Get = %v, %v", u, err)
			}
		}
		if _, err := c.Get(ctx, 9); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("Get = %v", err)
		}
		_, err := c.GetMany(ctx, []int{1, 2, 8, 9})
		must(t, err)
		if err := c.Add(ctx, 1, user{}); !errors.Is(err, cache.ErrExists) {
			t.Errorf("Add = %v", err)
		}
		if err := c.UpdateField(ctx, 1, "none", 1); !errors.Is(err, cache.ErrUnknownField) {
			t.Errorf("UpdateField = %v", err)
		}
		if n, err := c.Len(ctx); n != 3 || err != nil {
			t.Errorf("Len = %d, %v", n, err)
		}
		must(t, c.Close())
		if _, err := c.GetMany(ctx, []int{1, 2}); !errors.Is(err, cache.ErrClosed) {
			t.Errorf("GetMany = %v", err)
		}

		// labels: the type of an error, operation, outcome
		tel.want("rediscache.operation.duration", name, "Set ok=1", "SetMany ok=1", "Get hit=2",
			"Get miss=1", "GetMany partial=1", "Add exists=1", "Len ok=1",
			"unknown_field UpdateField error=1", "closed GetMany error=1")
		tel.want("rediscache.records", name, "Set ok=1", "SetMany ok=2", "Get hit=2",
			"Get miss=1", "GetMany hit=2", "GetMany miss=2", "Add exists=1", "Len ok=3",
			"UpdateField error=1", "GetMany error=2")
		sizes := tel.values("rediscache.value.size", name)
		if sizes["write"] < 3 || sizes["read"] < 4 || len(sizes) != 2 {
			t.Errorf("value.size has %v", sizes)
		}
		tel.want("rediscache.near.reads", name) // no copies
	})
}

// The time of an operation is in seconds, and a size in bytes.
func TestUnits(t *testing.T) {
	tel := newTelemetry(t, withSizes)
	tel.End(t.Context(), cache.Op{Kind: "Get", Cache: "c", Keys: 1, Outcome: "hit",
		Elapsed: 250 * time.Millisecond})
	tel.End(t.Context(), cache.Op{Kind: "Load", Cache: "c", Outcome: "loaded",
		Elapsed: time.Hour, Load: &cache.LoadStats{Waited: 1500 * time.Millisecond}})
	tel.Hook.(cache.SizeHook).ReadSize("c", 77)
	for name, want := range map[string]float64{
		"rediscache.operation.duration": 0.25,
		"rediscache.load.duration":      1.5,
		"rediscache.value.size":         77,
	} {
		if all := points(tel.collect()[name]); len(all) != 1 || all[0].sum != want {
			t.Errorf("%s has %v, want %v", name, all, want)
		}
	}
}

// A measurement under a context that has ended counts too.
func TestCancelled(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t, allSpans)
		c := tel.newCache(b.Client, b.Name(), nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Get(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("Get = %v", err)
		}
		tel.want("rediscache.operation.duration", c.Name(), "canceled Get error=1")
		tel.want("rediscache.records", c.Name(), "Get error=1")
		if spans := tel.spans.Ended(); len(spans) != 1 {
			t.Errorf("the spans are %v", spans)
		}
	})
}

func TestSweeps(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t)
		c := tel.newCache(b.Client, b.Name(), &cache.Options{TTL: ttl.Active(time.Hour)})
		ctx, name := t.Context(), c.Name()
		for id := range 4 {
			must(t, c.Set(ctx, id, user{"Ann"}))
		}
		for _, key := range []string{":0", ":1"} {
			must(t, b.Client.PExpire(ctx, name+key, 20*time.Minute).Err())
		}
		for _, opts := range [][]sweep.Option{{sweep.DryRun()}, nil} {
			res, err := c.Sweep(ctx, 30*time.Minute, opts...)
			if err != nil || res.Removed != 2 {
				t.Errorf("Sweep = %+v, %v", res, err)
			}
		}
		tel.want("rediscache.sweep.records", name, "would_remove=2", "removed=2", "in_use=4")
		tel.want("rediscache.sweep.duration", name, "ok=2")
		idle := tel.values("rediscache.sweep.longest_idle", name)[""]
		if idle < (40*time.Minute).Seconds() || idle > time.Hour.Seconds() {
			t.Errorf("the longest idle time is %v s", idle)
		}
		tel.want("rediscache.operation.duration", name, "Set ok=4")
		tel.want("rediscache.sweep.overdue", name) // it has no Sweeper
	})
}

// If memory answers a part of a batch, records counts the other keys.
func TestMixedBatch(t *testing.T) {
	tel := newTelemetry(t)
	tel.End(t.Context(), cache.Op{Kind: "GetMany", Cache: "c", Keys: 9, Outcome: "partial",
		Hits: 6, Near: 4, Misses: 3})
	tel.want("rediscache.operation.duration", "c", "GetMany partial=1")
	tel.want("rediscache.records", "c", "GetMany hit=2", "GetMany miss=3")
}

// A batch whose own loader loads records too is not in load.wait.duration.
func TestWaitOfABatch(t *testing.T) {
	tel := newTelemetry(t)
	for loaded := range 2 {
		tel.End(t.Context(), cache.Op{Kind: "GetOrLoadMany", Cache: "c", Keys: 1 + loaded,
			Outcome: "waited", Load: &cache.LoadStats{Joined: 1, Loaded: loaded, Scope: "process"}})
	}
	tel.want("rediscache.load.wait.duration", "c", "waited process=1")
}
