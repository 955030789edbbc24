package cache_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
)

// passes is a Hook that receives each pass.
type passes chan cache.Op

func (p passes) Start(ctx context.Context, _ cache.Op) context.Context { return ctx }

func (p passes) End(_ context.Context, op cache.Op) {
	if op.Kind == "Sweep" {
		p <- op
	}
}

// next waits for the end of a pass.
func (p passes) next(t *testing.T) cache.Op {
	t.Helper()
	select {
	case op := <-p:
		return op
	case <-time.After(time.Minute):
		t.Fatal("no pass was made")
	}
	panic("unreachable")
}

// periodic adds passes in the background, at full speed unless p says otherwise. A pass walks the
// whole database, where other tests keep thousands of records.
func periodic(o *cache.Options, hook cache.Hook, p sweep.Periodic) *cache.Options {
	p.PageSize, p.Duty = cmp.Or(p.PageSize, 2000), cmp.Or(p.Duty, 1)
	return &cache.Options{TTL: o.TTL, Hook: hook, Sweeper: p}
}

func TestPeriodic(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, o := range []*cache.Options{active(), fixed()} {
			hook := make(passes, 100)
			name := b.Name()
			plain := &cache.Options{TTL: o.TTL, TrackAccess: !o.TTL.Terms().Renews}
			writer := usersNamed(t, b, name, plain)
			writer.set(1, ann)
			writer.set(2, ann)
			writer.idle(1, 30*time.Minute, plain)
			u := usersNamed(t, b, name,
				periodic(o, hook,
					sweep.Periodic{Interval: 20 * time.Millisecond, MaxIdle: 20 * time.Minute}))
			op := hook.next(t)
			if op.Err != nil || op.Sweep == nil || op.Sweep.Removed != 1 || op.Keys != 2 ||
				op.Hits != 1 || op.Cache != name {
				t.Errorf("the first pass: %+v, %+v", op, op.Sweep)
			}
			b.Advance(30 * time.Millisecond)
			if op := hook.next(t); op.Err != nil || op.Sweep.Scanned != 1 || op.Sweep.Removed != 0 {
				t.Errorf("the second pass: %+v, %+v", op, op.Sweep)
			}
			must(t, u.Close())
			if _, err := writer.Peek(ctx(t), 2); err != nil {
				t.Error(err)
			}
		}
	})
}

// A fleet with the same Periodic makes one pass per interval.
func TestFleet(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		if b.Mini != nil {
			t.Skip("the clock of miniredis does not run, so no interval ends")
		}
		const interval = 200 * time.Millisecond
		hook := make(passes, 1000)
		name := b.Name()
		var fleet []users
		begun := time.Now()
		for range 50 {
			fleet = append(fleet,
				usersNamed(t, b, name,
					periodic(active(), hook,
						sweep.Periodic{Interval: interval, MaxIdle: time.Minute})))
		}
		for end := begun.Add(time.Minute); len(hook) < 8 && time.Now().Before(end); {
			time.Sleep(interval / 4)
		}
		// Count now: Close ends a pass, and another process then makes it again.
		n := len(hook)
		// The interval in Redis is in whole milliseconds.
		most := int(time.Since(begun)/(interval-time.Millisecond)) + 1
		if n > most || n < 8 {
			t.Errorf("%d passes in %d intervals", n, most)
		}
		for _, u := range fleet {
			must(t, u.Close())
		}
		for len(hook) > 0 {
			if op := <-hook; op.Err != nil && !errors.Is(op.Err, context.Canceled) {
				t.Error(op.Err)
			}
		}
	})
}

// If a server restarts during a pass, the pass fails, and the sweeper continues.
func TestSweepServerRestarts(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	hook := make(passes, 1000)
	impatient := func(o *redis.UniversalOptions) { o.DialerRetries, o.MaxRetries = 1, -1 }
	var once sync.Once
	u := mustNew[int64](t, s.Client(t, impatient), "users", jsonUsers, &cache.Options{
		Hook: hook,
		Sweeper: sweep.Periodic{
			Interval: 30 * time.Millisecond, MaxIdle: time.Minute, PageSize: 10,
			Progress: func(p sweep.Progress) {
				if p.Scanned > 0 && p.Total >= 500 { // 490 records are not scanned yet
					once.Do(s.Kill)
				}
			},
		},
	})
	must(t, u.SetMany(ctx(t), anns(500)))
	for hook.next(t).Err == nil {
	}
	s.Restart(t) // the records are lost
	for good := 0; good < 3; {
		if hook.next(t).Err == nil {
			good++
		}
	}
	must(t, u.Close())
}

// Close ends a pass early, and the goroutine that New started.
func TestCloseDuringSweep(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		hook := make(passes, 100)
		begun := make(chan struct{}, 100)
		u := newUsers(t, b, periodic(active(), hook, sweep.Periodic{
			Interval: 10 * time.Millisecond, MaxIdle: time.Minute, PageSize: 10, Duty: 0.001,
			Progress: func(sweep.Progress) { begun <- struct{}{} },
		}))
		records := anns(2000)
		must(t, u.SetMany(ctx(t), records))
		<-begun
		closed := time.Now()
		must(t, u.Close())
		if d := time.Since(closed); d > 5*time.Second {
			t.Errorf("Close took %v", d)
		}
		if n := b.Client.Exists(ctx(t), u.Name()+"!sweep").Val(); n != 0 {
			t.Error("Close left the lease")
		}
		if n, err := usersNamed(t, b, u.Name(), active()).Len(ctx(t)); n != 2000 || err != nil {
			t.Errorf("%d records are left, %v", n, err)
		}
	})
}

// A callback that panics ends its pass, but not the sweeper. On demand, the caller gets the panic.
func TestSweepPanics(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		hook := make(passes, 100)
		u := newUsers(t, b, periodic(active(), hook, sweep.Periodic{
			Interval: 10 * time.Millisecond, MaxIdle: time.Minute, Progress: func(sweep.Progress) {
				panic("callback")
			},
		}))
		u.set(1, ann)
		for range 3 {
			op := hook.next(t)
			for op.Sweep.Scanned == 0 && op.Err == nil { // a pass without the record
				b.Advance(10 * time.Millisecond)
				op = hook.next(t)
			}
			if op.Err == nil {
				t.Errorf("a pass that panicked is %+v, %+v", op, op.Sweep)
			}
			b.Advance(10 * time.Millisecond)
		}
		must(t, u.Close())
		// Close may end a pass while it asks for the lease. The pass may then hold the lease
		// without knowing it.
		must(t, b.Client.Del(ctx(t), u.Name()+"!sweep").Err())

		v := usersNamed(t, b, u.Name(), active())
		func() {
			defer func() {
				if p := recover(); p != "callback" {
					t.Errorf("the caller recovers %v", p)
				}
			}()
			_, _ = v.Sweep(ctx(t), time.Minute, sweep.OnProgress(func(sweep.Progress) {
				panic("callback")
			}))
			t.Error("the panic was lost")
		}()
		if _, err := v.Sweep(ctx(t), time.Minute); err != nil { // the lease is free again
			t.Error(err)
		}
	})
}

// A pass ends when its lease is lost.
func TestSweepLeaseLost(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a third of the lease")
	}
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		u := newUsers(t, b, active())
		records := anns(3000)
		must(t, u.SetMany(ctx(t), records))
		var once sync.Once
		pages := 0
		res, err := u.Sweep(ctx(t), time.Minute, sweep.PageSize(50),
			sweep.OnProgress(func(sweep.Progress) {
				pages++
				once.Do(func() {
					must(t, b.Client.Set(ctx(t), u.Name()+"!sweep", "another", time.Minute).Err())
					time.Sleep(3500 * time.Millisecond)
				})
			}))
		wantErr(t, err, sweep.ErrLost, "Sweep", "")
		if res.Scanned >= 3000 && b.Mini == nil {
			t.Errorf("the pass continued to the end: %+v", res)
		}
		if got := b.Client.Get(ctx(t), u.Name()+"!sweep").Val(); got != "another" {
			t.Errorf("the other process's lease is %q", got)
		}
	})
}

// If one node fails, a pass continues on the others and returns an error.
func TestSweepWithoutOneShard(t *testing.T) {
	t.Parallel()
	a, b := redistest.Start(t), redistest.Start(t)
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"a": a.Addr(), "b": b.Addr()}, DialerRetries: 1, MaxRetries: -1,
		HeartbeatFrequency: time.Hour, // so that the ring itself does not notice
	})
	defer ring.Close()
	for i := range 20 { // until the lease is on server b, which keeps running
		u := mustNew[int64](t, ring, fmt.Sprint("users", i), jsonUsers, active())
		records := anns(1000)
		if err := u.SetMany(ctx(t), records); err != nil {
			t.Fatal(err)
		}
		must(t, ring.Set(ctx(t), u.Name()+"!sweep", "x", time.Minute).Err())
		onB := b.Client(t).Exists(ctx(t), u.Name()+"!sweep").Val() == 1
		must(t, ring.Del(ctx(t), u.Name()+"!sweep").Err())
		if !onB {
			continue
		}
		a.Stop()
		res, err := u.Sweep(ctx(t), time.Minute)
		if err == nil || res.Scanned == 0 || res.Scanned == 1000 {
			t.Errorf("Sweep = %+v, %v, want a part of 1000 records and an error", res, err)
		}
		return
	}
	t.Fatal("no lease was on the second server")
}
