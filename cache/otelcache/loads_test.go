package otelcache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

var errRow = errors.New("no database")

// Each way in which a loader ends has an outcome. Each call has a trigger.
func TestLoadOutcomes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, test := range []struct {
			outcome string
			load    func(ctx context.Context, c *cache.Cache[int, user]) (user, error)
			called  string // the outcome of the call, with the type of an error
		}{
			{"loaded", func(context.Context, *cache.Cache[int, user]) (user, error) {
				return user{"Ann"}, nil
			}, "GetOrLoad loaded"},
			{"absent", func(context.Context, *cache.Cache[int, user]) (user, error) {
				return user{}, fmt.Errorf("users: %w", cache.ErrNotFound)
			}, "GetOrLoad absent"},
			{"error", func(context.Context, *cache.Cache[int, user]) (user, error) {
				return user{}, errRow
			}, "loader GetOrLoad error"},
			{"panic", func(context.Context, *cache.Cache[int, user]) (user, error) {
				panic("loader")
			}, "panic GetOrLoad error"},
			{"timeout", func(ctx context.Context, _ *cache.Cache[int, user]) (user, error) {
				<-ctx.Done()
				return user{}, ctx.Err()
			}, "load_timeout GetOrLoad error"},
			{"superseded", func(
				ctx context.Context, c *cache.Cache[int, user],
			) (user, error) {
				return user{"Ann"}, c.Set(ctx, 1, user{"Bob"})
			}, "GetOrLoad loaded"},
		} {
			t.Run(test.outcome, func(t *testing.T) {
				tel, o := newTelemetry(t), &cache.Options{}
				if test.outcome == "timeout" {
					o.Load.Timeout = time.Millisecond
				}
				c := tel.newCache(b.Client, b.Name(), o)
				_, _ = c.GetOrLoad(t.Context(), 1, func(ctx context.Context, _ int) (user, error) {
					if test.outcome != "timeout" { // the timeout may come before this
						tel.want("rediscache.load.active", c.Name(), "=1")
					}
					return test.load(ctx, c)
				})
				// labels: the outcome, the trigger
				tel.want("rediscache.load.duration", c.Name(), test.outcome+" miss=1")
				tel.want("rediscache.load.active", c.Name(), "=0")
				calls := tel.values("rediscache.operation.duration", c.Name())
				delete(calls, "Set ok")
				if len(calls) != 1 || calls[test.called] != 1 {
					t.Errorf("the calls are %v, want %q", calls, test.called)
				}
				tel.want("rediscache.load.wait.duration", c.Name()) // nobody waited
			})
		}
	})
}

func TestLoadTriggers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t)
		c := tel.newCache(b.Client, b.Name(), &cache.Options{
			TTL: ttl.Fixed(time.Hour, ttl.Refresh(30*time.Minute)),
		})
		ctx := t.Context()
		_, err := c.Reload(ctx, 1, ann)
		must(t, err)
		must(t, b.Client.PExpire(ctx, c.Name()+":1", time.Minute).Err())
		other := tel.newCache(b.NewClient(t), c.Name(), &cache.Options{
			TTL: ttl.Fixed(time.Hour, ttl.Refresh(30*time.Minute)),
		}) // does not know that the record is not due
		_, err = other.GetOrLoad(ctx, 1, ann, cache.WaitFresh(time.Minute))
		must(t, err)
		_, err = c.GetOrLoad(ctx, 2, ann)
		must(t, err)
		must(t, c.Close())
		must(t, other.Close()) // waits for the end of the refresh
		tel.want("rediscache.load.duration", c.Name(),
			"loaded reload=1", "loaded refresh=1", "loaded miss=1")
		tel.want("rediscache.records", c.Name(), "Reload loaded=1", "GetOrLoad stale=1",
			"GetOrLoad loaded=1")
	})
}

// While Redis is out, records are loaded, and a notice counts the outage.
func TestOutage(t *testing.T) {
	tel := newTelemetry(t)
	c, srv := cachetest.New[int](t, "users", codec.JSON[user]{}, &cache.Options{Hook: tel.Hook})
	srv.Fail(nil)
	for id := range 3 {
		_, err := c.GetOrLoad(t.Context(), id, ann)
		must(t, err)
	}
	tel.want("rediscache.load.duration", "users", "loaded outage=3")
	tel.want("rediscache.notices", "users", "connection Outage=1")
	tel.want("rediscache.operation.duration", "users", "GetOrLoad loaded=3")
}

// A caller that waits for another caller's load is counted as waiting, and not as loading.
func TestWaitInProcess(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		const callers = 4
		for id := range 1000 { // until some callers wait for the load of another one
			tel := newTelemetry(t)
			var begun atomic.Int64
			all := make(chan struct{})
			hook := cache.Hooks(tel.Hook, startHook(func(kind string) {
				if kind == "GetOrLoad" && begun.Add(1) == callers {
					close(all)
				}
			}))
			c := tel.newCache(b.Client, b.Name(), &cache.Options{Hook: hook})
			var group sync.WaitGroup
			for range callers {
				group.Go(func() {
					_, err := c.GetOrLoad(t.Context(), id,
						func(context.Context, int) (user, error) {
							<-all
							return user{"Ann"}, nil
						})
					if err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			must(t, c.Close())
			waits := tel.values("rediscache.load.wait.duration", c.Name())
			calls := tel.values("rediscache.operation.duration", c.Name())
			if calls["GetOrLoad waited"] != waits["waited process"] ||
				calls["GetOrLoad loaded"] != 1 {
				t.Fatalf("the calls are %v, and the waits %v", calls, waits)
			}
			if waits["waited process"] > 0 {
				return
			}
		}
		t.Error("nobody has waited")
	})
}

// startHook is called at the start of each operation.
type startHook func(kind string)

func (h startHook) Start(ctx context.Context, op cache.Op) context.Context {
	h(op.Kind)
	return ctx
}

func (h startHook) End(context.Context, cache.Op) {}

// So is a caller that waits for the load of another process.
func TestWaitInFleet(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel, other := newTelemetry(t), newTelemetry(t)
		c := tel.newCache(b.Client, b.Name(), nil)
		rdb := b.NewClient(t)
		looks := &commandHook{after: 8, reached: make(chan struct{})} // it looks several times
		ended := make(chan struct{})
		o := other.newCache(rdb, c.Name(), nil)
		_, err := o.GetOrLoad(t.Context(), 2, ann) // the server has the scripts now
		must(t, err)
		rdb.AddHook(looks)
		_, err = c.GetOrLoad(t.Context(), 1, func(context.Context, int) (user, error) {
			go func() {
				defer close(ended)
				if _, err := o.GetOrLoad(t.Context(), 1, ann); err != nil {
					t.Error(err)
				}
			}()
			select {
			case <-looks.reached:
			case <-ended: // without having waited
			}
			return user{"Ann"}, nil
		})
		must(t, err)
		<-ended
		tel.want("rediscache.load.wait.duration", c.Name())
		other.want("rediscache.load.wait.duration", c.Name(), "waited fleet=1")
	})
}

// commandHook closes reached when a client has sent some commands.
type commandHook struct {
	after   int64
	reached chan struct{}
	sent    atomic.Int64
}

func (h *commandHook) count(n int) {
	if sent := h.sent.Add(int64(n)); sent >= h.after && sent-int64(n) < h.after {
		close(h.reached)
	}
}

func (h *commandHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *commandHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		defer h.count(1)
		return next(ctx, cmd)
	}
}

func (h *commandHook) ProcessPipelineHook(
	next redis.ProcessPipelineHook,
) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		defer h.count(len(cmds))
		return next(ctx, cmds)
	}
}
