package faults

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/operations"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// operationsOf returns all operations of a cache. Each must end with its context.
func operationsOf(c *cache.Cache[string, Value]) map[string]func(ctx context.Context) error {
	v := newValue("k", 1, 0)
	all := operations.OnSeveral(c, v, "k", "l")
	for op, do := range operations.OnOne(c, v, "version", 2) {
		key := "k"
		if op == "Add" {
			key = "new"
		}
		all[op] = func(ctx context.Context) error { return do(ctx, key) }
	}
	all["Sweep"] = func(ctx context.Context) error {
		_, err := c.Sweep(ctx, time.Minute)
		return err
	}
	return all
}

// holes are the ways in which a server does not answer. Each function returns n clients of such a
// server.
var holes = map[string]func(t *testing.T, n int) []redis.UniversalClient{
	"swallowed": func(t *testing.T, n int) []redis.UniversalClient {
		p, dial := proxied(t, redistest.Start(t))
		all := clients(n, dial)
		warm(t, all)
		p.Set(redistest.Spoil{Swallow: true})
		return all
	},
	"swallowed from the start": func(t *testing.T, n int) []redis.UniversalClient {
		p, dial := proxied(t, redistest.Start(t))
		p.Set(redistest.Spoil{Swallow: true})
		return clients(n, dial)
	},
	"paused": func(t *testing.T, n int) []redis.UniversalClient {
		s := redistest.Start(t)
		all := clients(n, func() redis.UniversalClient { return s.Client(t) })
		warm(t, all)
		s.Pause(t)
		return all
	},
	"a paused cluster": func(t *testing.T, n int) []redis.UniversalClient {
		c := redistest.StartCluster(t, 0, 15*time.Second)
		all := clients(n, func() redis.UniversalClient { return c.Client(t) })
		warm(t, all)
		for _, s := range c.Nodes() {
			s.Pause(t)
		}
		return all
	},
}

func clients(n int, dial func() redis.UniversalClient) (all []redis.UniversalClient) {
	for range n {
		all = append(all, dial())
	}
	return all
}

// warm lets each client open connections.
func warm(t *testing.T, all []redis.UniversalClient) {
	t.Helper()
	var wg sync.WaitGroup
	for _, rdb := range all {
		for range 8 {
			wg.Go(func() {
				if err := rdb.Ping(t.Context()).Err(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
}

// Each operation with a deadline of 100 ms returns within 150 ms plus the lag of the machine if the
// server does not answer. One that takes longer gets two more tries: a busy machine may be late
// once, but an operation that does not obey its context is late each time.
func TestDeadline(t *testing.T) {
	const given, most, tries = 100 * time.Millisecond, 150 * time.Millisecond, 3
	for name, hole := range holes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "a paused cluster" {
				skipsShort(t)
			}
			c := newCache(t, hole(t, 1)[0], nil)
			var longest time.Duration
			var slowest string
			machine := startControl(t)
			for op, do := range operationsOf(c) {
				took := time.Duration(0)
				for try := 0; try == 0 || took > most && try < tries; try++ {
					ctx, cancel := context.WithTimeout(t.Context(), given)
					begun := time.Now()
					err := do(ctx)
					took = time.Since(begun)
					cancel()
					var e *cache.Error
					if !errors.As(err, &e) || e.Op != op || kindOf(err) != deadline {
						t.Errorf("%s without an answer: %v", op, err)
					}
				}
				if took > longest {
					longest, slowest = took, op
				}
			}
			lag := machine.lag()
			if longest > most+lag {
				t.Errorf("%s with a deadline of %v took %v, and the machine lagged by %v",
					slowest, given, longest, lag)
			}
			t.Logf("the longest took %v", longest.Round(time.Millisecond))
		})
	}
}

func newCache(
	t *testing.T, rdb redis.UniversalClient, o *cache.Options,
) *cache.Cache[string, Value] {
	t.Helper()
	var fails cache.Options // where Redis does not answer, also with a loader
	if o != nil {
		fails = *o
	}
	fails.Load.Outage, fails.Load.Patience = cache.FailFast, time.Minute
	c, err := cache.New[string](rdb, redistest.UniqueName(t), codec.JSON[Value]{}, &fails)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = rdb.Close() // first: Close waits for commands that get no answer
		_ = c.Close()
	})
	return c
}

// notCallers are goroutines that belong to no caller: the proxy's ends of connections that the
// client keeps, the client's request for a cluster's layout, and the connections of Options.Near.
var notCallers = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/activettl/rediscache/internal/redistest.(*Proxy).serve"),
	goleak.IgnoreAnyFunction("github.com/activettl/rediscache/internal/redistest.(*link).pass"),
	goleak.IgnoreAnyFunction("github.com/activettl/rediscache/internal/tracking.(*link).run"),
	goleak.IgnoreAnyFunction("github.com/activettl/rediscache/internal/tracking.(*link).listen"),
	goleak.IgnoreAnyFunction("github.com/activettl/rediscache/internal/tracking.(*link).rounds"),
	goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9.(*clusterStateHolder).LazyReload.func1"),
}

// A thousand callers call at once, with and without AutoPipeline and Near. Each returns in time,
// and none leaks a goroutine.
func TestThousandCallers(t *testing.T) {
	const callers, given = 1000, 100 * time.Millisecond
	ways := map[string]*cache.Options{
		"": nil, ", AutoPipeline": {AutoPipeline: true},
		", Near": {TTL: ttl.Fixed(time.Hour), Near: &cache.Near{Staleness: staleness}},
	}
	for name, hole := range holes {
		if testing.Short() && name != "paused" {
			continue
		}
		all := hole(t, len(ways))
		for way, o := range ways {
			rdb := all[0]
			all = all[1:]
			t.Run(name+way, func(t *testing.T) {
				t.Cleanup(func() { _ = rdb.Close() }) // what it does is no leak of the next one
				c := newCache(t, rdb, o)
				machine := startControl(t)
				leaks := append(slices.Clip(notCallers), goleak.IgnoreCurrent())
				over := make([]time.Duration, callers)
				begin := make(chan struct{})
				var wg sync.WaitGroup
				for i := range callers {
					wg.Go(func() {
						<-begin
						ctx, cancel := context.WithTimeout(t.Context(), given)
						defer cancel()
						begun := time.Now()
						if _, err := c.Get(ctx, "k"); kindOf(err) != deadline {
							t.Errorf("Get: %v", err)
						}
						over[i] = time.Since(begun) - given
					})
				}
				close(begin)
				wg.Wait()
				lag := machine.lag()
				slices.Sort(over)
				if most := over[callers-1]; most > slack+2*lag {
					t.Errorf("the last one returned %v after its deadline, and the machine "+
						"lagged by %v", most, lag)
				}
				if err := goleak.Find(leaks...); err != nil {
					t.Error(err)
				}
				t.Logf("late by %v, the slowest by %v, the machine by %v",
					over[callers/2].Round(time.Millisecond),
					over[callers-1].Round(time.Millisecond), lag.Round(time.Millisecond))
			})
		}
	}
}
