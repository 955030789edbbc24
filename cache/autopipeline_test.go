package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// Callers share pipelines, and each gets its own result.
func TestAutoPipelineMixesNothingUp(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		u := newUsers(t, b, autoPipelined())
		must(t, b.Client.SAdd(ctx(t), u.redisKey(-1), "no record").Err())
		b.Exempt(u.redisKey(-1))
		var wg sync.WaitGroup
		for g := range int64(32) {
			wg.Go(func() {
				for i := range max(3, fewer(b, 30)) {
					want := User{Name: fmt.Sprint(g), Visits: i}
					var opts []cache.SetOption
					if g%4 == 0 {
						opts = append(opts, cache.WithTTL(2*hour))
					}
					if err := u.Set(ctx(t), g, want, opts...); err != nil {
						t.Error(err)
					}
					got, err := u.Get(ctx(t), g)
					wantUser(t, got, err, want)
					if err := u.Update(ctx(t), g, want); err != nil {
						t.Error(err)
					}
					if _, err := u.Get(ctx(t), -1); !errors.Is(err, cache.ErrWrongType) {
						t.Errorf("Get of a set: %v", err)
					}
					if _, err := u.Get(ctx(t), 1000+g); !errors.Is(err, cache.ErrNotFound) {
						t.Errorf("Get of a missing key: %v", err)
					}
					v, err := u.Modify(ctx(t), g, func(v User) (User, error) {
						v.Age++
						return v, nil
					})
					want.Age++
					wantUser(t, v, err, want)
				}
			})
		}
		wg.Wait()
	})
}

// A single caller sends the same commands as without AutoPipeline; many callers share round trips.
func TestAutoPipelineOnTheWire(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, autoPipelined())
		must(t, u.SetMany(ctx(t), anns(64)))
		wire := redistest.Wire(t, b.Client)
		for id := range int64(20) {
			_, err := u.Get(ctx(t), id)
			must(t, err)
		}
		if n := wire.RoundTrips(); n != 20 || wire.Commands()["getex"] != 20 {
			t.Errorf("20 reads of one caller: %v in %d round trips", wire.Commands(), n)
		}
		wire.Reset()
		var wg sync.WaitGroup
		for id := range int64(64) {
			wg.Go(func() {
				for range 50 {
					if _, err := u.Get(ctx(t), id); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		const most = 64 * 50 / 4
		if n := wire.RoundTrips(); n > most || wire.Commands()["getex"] != 64*50 {
			t.Errorf("3200 reads of 64 callers: %v in %d round trips, want at most %d",
				wire.Commands(), n, most)
		}
	})
}

// A server does not answer. Each caller returns when its context ends, commands not yet sent are
// dropped, no goroutine is left, and the cache recovers.
func TestAutoPipelineWithoutAnswer(t *testing.T) {
	s := redistest.Start(t)
	admin := s.Client(t)
	before := runtime.NumGoroutine()
	rdb := s.Client(t)
	u := mustNew[int64](t, rdb, "users", jsonUsers, autoPipelined())
	must(t, u.Set(ctx(t), -1, ann))
	must(t, admin.Do(ctx(t), "client", "pause", "60000", "write").Err())

	var sent, wg sync.WaitGroup
	const underWay = 4 + 2 // the most in flight: 4 sent directly, and 2 pipelines
	for id := range int64(underWay) {
		sent.Go(func() {
			if err := u.Set(ctx(t), -2-id, ann); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(20 * time.Millisecond)
	}
	const callers, patience = 1000, 100 * time.Millisecond
	ops := []func(context.Context, int64) error{
		func(ctx context.Context, id int64) error { return u.Set(ctx, id, ann) },
		func(ctx context.Context, _ int64) error { return u.Update(ctx, -1, bob) },
		func(ctx context.Context, _ int64) error { _, err := u.Get(ctx, -1); return err },
		func(ctx context.Context, _ int64) error { return u.Delete(ctx, -1) },
		func(ctx context.Context, _ int64) error { return u.UpdateField(ctx, -1, "age", 1) },
	}
	for id := range int64(callers) {
		wg.Go(func() {
			bounded, cancel := context.WithTimeout(ctx(t), patience)
			want := context.DeadlineExceeded
			if id%2 == 0 { // a deadline is not needed: cancellation is enough
				bounded, cancel = context.WithCancel(ctx(t))
				time.AfterFunc(patience, cancel)
				want = context.Canceled
			}
			defer cancel()
			begun := time.Now()
			err := ops[id%int64(len(ops))](bounded, id)
			if took := time.Since(begun); !errors.Is(err, want) || took > 5*patience {
				t.Errorf("caller %d: %v after %v, want %v after %v", id, err, took, want, patience)
			}
		})
	}
	wg.Wait()
	must(t, admin.Do(ctx(t), "client", "unpause").Err())
	sent.Wait()
	got, err := u.Get(ctx(t), -1)
	wantUser(t, got, err, ann)
	must(t, u.Close())
	if n := admin.DBSize(ctx(t)).Val(); n != 1+underWay {
		t.Errorf("%d records, want the one that was written before and the %d that were sent", n,
			underWay)
	}
	must(t, rdb.Close())
	for begun := time.Now(); runtime.NumGoroutine() > before; {
		if time.Since(begun) > 5*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

// A sweep reaches every server of a cache with AutoPipeline.
func TestAutoPipelineSweep(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, autoPipelined())
		must(t, u.SetMany(ctx(t), anns(60)))
		for id := range int64(30) {
			u.age(2*id, hour/3)
		}
		res, err := u.Sweep(ctx(t), hour/2)
		if err != nil || res.Scanned != 60 || res.Removed != 30 {
			t.Errorf("Sweep gives %+v, %v, want 30 of 60 removed", res, err)
		}
		if n, err := u.Len(ctx(t)); n != 30 || err != nil {
			t.Errorf("Len = %d, %v, want 30", n, err)
		}
	})
}

// New refuses clients whose servers it cannot find out, and says what to do.
func TestRefusedClients(t *testing.T) {
	rdb := redistest.Standalone(t).Client(t)
	ap, err := rdb.AutoPipeline()
	must(t, err)
	defer ap.Close()
	for want, client := range map[string]redis.UniversalClient{
		"Options.AutoPipeline": ap,
		"*redis.ClusterClient": struct{ redis.UniversalClient }{rdb},
	} {
		_, err := cache.New[int64](client, "users", jsonUsers, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New on a %T: %v, want an error that names %s", client, err, want)
		}
	}
	ring := redis.NewRing(&redis.RingOptions{})
	defer ring.Close()
	for _, client := range []redis.UniversalClient{struct{ *redis.Client }{rdb},
		struct{ *redis.Ring }{ring}} {
		if _, err := cache.New[int64](client, "users", jsonUsers, nil); err != nil {
			t.Errorf("New on a %T: %v", client, err)
		}
	}
}

// If a hook of the client panics, the caller gets the panic and may recover it.
func TestAutoPipelinePanic(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	rdb.AddHook(panickingHook{})
	u := mustNew[int64](t, rdb, "users", jsonUsers, autoPipelined())
	var recovered atomic.Int64
	var wg sync.WaitGroup
	for id := range int64(64) {
		wg.Go(func() {
			for range 20 {
				func() {
					defer func() {
						if recover() != nil {
							recovered.Add(1)
						}
					}()
					_ = u.Set(ctx(t), id, ann)
				}()
			}
		})
	}
	wg.Wait()
	if recovered.Load() == 0 {
		t.Error("no pipeline panicked")
	}
}

type panickingHook struct{}

func (panickingHook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (panickingHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { panic("a hook of the client") }
}
func (panickingHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { panic("a hook of the client") }
}
