package load

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/ttl"
)

const token = "0123456789abcdef" // of another process

// bubbled runs a test in a bubble of testing/synctest. next makes the Loads of a process; all
// processes share a miniredis. The key "users:1" holds the lease of another process.
func bubbled(
	t *testing.T, sent *trips, fn func(t *testing.T, m *miniredis.Miniredis, next func() *Loads),
) {
	synctest.Test(t, func(t *testing.T) {
		m := miniredis.NewMiniRedis()
		m.ClockTTL(true)
		defer m.Close()
		m.HSet("users:1", "t", token)
		m.SetTTL("users:1", time.Minute)
		var tasks sync.WaitGroup
		defer tasks.Wait()
		closing, stop := context.WithCancel(context.Background())
		defer stop()
		fn(t, m, func() *Loads {
			rdb := redis.NewClient(&redis.Options{
				Dialer: minipipe.Dialer(m), DisableIdentity: true, ContextTimeoutEnabled: true,
				MaintNotificationsConfig: &maintnotifications.Config{
					Mode: maintnotifications.ModeDisabled},
			})
			rdb.AddHook(sent)
			t.Cleanup(func() { _ = rdb.Close() })
			w, err := wire.New(rdb, false)
			if err != nil {
				t.Fatal(err)
			}
			n, err := names.New("", "users")
			if err != nil {
				t.Fatal(err)
			}
			s := store.New(w, n, ttl.Fixed(time.Hour).Terms(), nil)
			return New(closing, s, w, n, Config{Lease: time.Minute, Patience: time.Minute}, nil,
				func(do func()) { tasks.Go(do) })
		})
	})
}

// trips counts the round trips of clients.
type trips struct{ atomic.Int64 }

func (n *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (n *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		n.Add(1)
		return next(ctx, cmd)
	}
}

func (n *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		n.Add(1)
		return next(ctx, cmds)
	}
}

// A run that waits for another process's load looks at once when it hears of a write, even during a
// long pause. In the bubble no time passes between the two.
func TestWoken(t *testing.T) {
	sent := &trips{}
	bubbled(t, sent, func(t *testing.T, m *miniredis.Miniredis, next func() *Loads) {
		const processes, waiters = 5, 4
		var ended atomic.Int64
		var callers sync.WaitGroup
		var all []*Loads
		for range processes {
			l := next()
			all = append(all, l)
			for range waiters {
				callers.Go(func() {
					want := Want{Key: "users:1", Found: store.Found{Err: store.ErrNotFound}}
					out := l.Load(t.Context(), []Want{want}, nil)[0]
					if out.Err != nil || string(out.Data) != "Ann" || out.Source != Fleet {
						t.Errorf("a waiter got %+v", out)
					}
					ended.Add(1)
				})
			}
		}
		heard := func(key string) {
			for _, l := range all {
				l.Changed(key)
			}
			synctest.Wait()
		}
		time.Sleep(300 * time.Millisecond) // until the pauses have their full length
		synctest.Wait()
		before := sent.Load()
		heard("users:2")
		if n := sent.Load() - before; n != 0 {
			t.Errorf("a write of another key causes %d looks", n)
		}
		heard("users:1") // the lease may have been renewed
		if n := sent.Load() - before; n != processes {
			t.Errorf("a write of the lease causes %d looks, want one per process", n)
		}
		m.Del("users:1")
		if err := m.Set("users:1", "Ann"); err != nil {
			t.Fatal(err)
		}
		m.SetTTL("users:1", time.Hour)
		begun := time.Now()
		heard("users:1")
		if n, late := ended.Load(), time.Since(begun); n != processes*waiters || late != 0 {
			t.Errorf("%d of %d waiters ended when the write was heard of, and %v passed", n,
				processes*waiters, late)
		}
		callers.Wait()
		for _, l := range all {
			if n := len(l.wakers.byKey); n != 0 {
				t.Errorf("there are still channels for %d keys, and nobody waits", n)
			}
		}
	})
}

// A run that hears of a write while its look is in flight looks again afterwards.
func TestWokenWhileLooking(t *testing.T) {
	bubbled(t, &trips{}, func(t *testing.T, _ *miniredis.Miniredis, next func() *Loads) {
		l := next()
		r := l.newRun(t.Context(), nil)
		changed, forget := l.wakers.listen([]*item{{key: "users:1"}, {key: "users:2"}})
		other, forgetOther := l.wakers.listen([]*item{{key: "users:1"}})
		for _, key := range []string{"users:1", "users:2"} { // twice for one of them
			l.Changed(key)
		}
		begun := time.Now()
		for _, c := range []chan struct{}{changed, other} {
			if !r.sleepOr(time.Hour, c) || time.Since(begun) != 0 {
				t.Errorf("it slept for %v", time.Since(begun))
			}
		}
		forget()
		l.Changed("users:1")
		if begun = time.Now(); !r.sleepOr(time.Hour, changed) || time.Since(begun) < time.Minute {
			t.Errorf("a channel after forget woke the run after %v", time.Since(begun))
		}
		if begun = time.Now(); !r.sleepOr(time.Hour, other) || time.Since(begun) > 0 {
			t.Errorf("the other one slept for %v", time.Since(begun))
		}
		forgetOther()
	})
}
