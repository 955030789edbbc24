package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
)

// Close does not wait for callbacks, and a callback may call it. The result of such a callback is
// not written.
func TestCloseInAFunctionOfTheCaller(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, o := range []*cache.Options{active(), autoPipelined()} {
			calls := map[string]func(u users) error{
				"Modify": func(u users) error {
					_, err := u.Modify(ctx(t), 1, func(User) (User, error) {
						must(t, u.Close())
						return bob, nil
					})
					return err
				},
				"Upsert of a record": func(u users) error {
					_, err := u.Upsert(ctx(t), 1, func(User, bool) (User, error) {
						must(t, u.Close())
						return bob, nil
					})
					return err
				},
				"Upsert of none": func(u users) error {
					_, err := u.Upsert(ctx(t), 2, func(User, bool) (User, error) {
						must(t, u.Close())
						return bob, nil
					})
					return err
				},
				"All": func(u users) (last error) {
					for _, err := range u.All(ctx(t)) {
						must(t, u.Close())
						last = err
					}
					return last
				},
				"Sweep": func(u users) error {
					_, err := u.Sweep(ctx(t), time.Minute, sweep.OnProgress(func(sweep.Progress) {
						must(t, u.Close())
					}))
					return err
				},
			}
			for name, call := range calls {
				u := newUsers(t, b, o)
				u.set(1, ann)
				for id := range int64(5) {
					u.set(100+id, ann)
				}
				err := call(u)
				if name == "Sweep" && err == nil {
					continue // it was the last page
				}
				if name != "All" && !errors.Is(err, cache.ErrClosed) &&
					!errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v, want %v", name, err, cache.ErrClosed)
				}
				after := usersNamed(t, b, u.Name(), active())
				got, err := after.Get(ctx(t), 1)
				wantUser(t, got, err, ann)
				if _, err := after.Get(ctx(t), 2); !errors.Is(err, cache.ErrNotFound) {
					t.Errorf("%s wrote after Close: %v", name, err)
				}
			}
		}
	})
}

// Close waits for commands in flight; Shutdown waits for them until its context ends.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	rdb := s.Client(t)
	sent := make(chan string, 100)
	rdb.AddHook(sending(sent))
	u := mustNew[string](t, rdb, "users", jsonUsers, nil)
	const pause = 400 * time.Millisecond
	must(t, s.Client(t).Do(ctx(t), "client", "pause", pause.Milliseconds(), "write").Err())
	begun := time.Now()
	set := make(chan error, 1)
	go func() { set <- u.Set(ctx(t), "a", bob) }()
	<-sent
	impatient, cancel := context.WithTimeout(ctx(t), 10*time.Millisecond)
	defer cancel()
	err := u.Shutdown(impatient)
	wantErr(t, err, context.DeadlineExceeded, "Shutdown", "")
	_, err = u.Get(ctx(t), "a")
	wantErr(t, err, cache.ErrClosed, "Get", "a")
	must(t, u.Shutdown(ctx(t)))
	if took := time.Since(begun); took < pause/2 {
		t.Errorf("Shutdown returned after %v, but the command in flight took %v", took, pause)
	}
	must(t, <-set) // it was in flight
	must(t, u.Close())
}

// sending receives the name of each command when a client begins to send it.
type sending chan string

func (sending) DialHook(next redis.DialHook) redis.DialHook { return next }
func (s sending) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s <- cmd.Name()
		return next(ctx, cmd)
	}
}
func (sending) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A hundred idle caches take at most 2 MiB.
func TestIdleCachesAreSmall(t *testing.T) {
	rdb := redistest.Standalone(t).Client(t)
	must(t, rdb.Ping(ctx(t)).Err())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all []any
	for i := range 100 {
		o := tolerant()
		if i%2 == 0 {
			o = &cache.Options{TTL: fixed().TTL, TrackAccess: true}
		}
		c, err := cache.New[int64](rdb, fmt.Sprint("idle", i), codec.JSON[User]{}, o)
		must(t, err)
		if _, err := c.Get(ctx(t), 1); !errors.Is(err, cache.ErrNotFound) {
			t.Error(err)
		}
		all = append(all, c)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := int64(after.HeapAlloc) - int64(before.HeapAlloc); n > 2<<20 {
		t.Errorf("100 caches take %d kB", n>>10)
	} else {
		t.Logf("100 caches take %d kB", n>>10)
	}
	runtime.KeepAlive(all)
}

// Close during a sweep, from any goroutine, releases the lease.
func TestCloseDuringASweepLeavesNoLease(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		must(t, u.SetMany(ctx(t), anns(500)))
		begun := make(chan struct{}, 1000)
		done := make(chan error, 1)
		go func() {
			_, err := u.Sweep(ctx(t), time.Minute, sweep.PageSize(10), sweep.Duty(0.01),
				sweep.OnProgress(func(sweep.Progress) {
					begun <- struct{}{}
				}))
			done <- err
		}()
		<-begun
		must(t, u.Close())
		if n := b.Client.Exists(ctx(t), u.Name()+"!sweep").Val(); n != 0 {
			t.Error("Close left the lease")
		}
		<-done
		after := usersNamed(t, b, u.Name(), active())
		if _, err := after.Sweep(ctx(t), time.Minute); err != nil {
			t.Errorf("the next Sweep: %v", err)
		}
	})
}
