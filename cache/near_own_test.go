package cache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/redistest"
)

// A process sees each of its 50,000 writes at once. Others read the same records, in this process
// and in another one, which also writes other records.
func TestNearOwnWritesHammer(t *testing.T) {
	s := redistest.Start(t)
	u, _ := nearNamed(t, s.Client(t, patient), "users", fixed())
	other, _ := nearNamed(t, s.Client(t, patient), "users", fixed())
	const writers = 8
	each := 50_000 / writers
	if testing.Short() {
		each /= 10
	}
	ctx, cancel := context.WithCancel(ctx(t))
	defer cancel()
	var others, own sync.WaitGroup
	others.Go(func() {
		for i := int64(0); ctx.Err() == nil; i++ {
			_ = other.Set(ctx, 1000+i%100, ann)
			_, _ = other.Get(ctx, i%writers)
			_, _ = u.Get(ctx, 1000+i%100)
		}
	})
	for range 2 {
		others.Go(func() {
			for i := int64(0); ctx.Err() == nil; i++ {
				_, _ = u.Get(ctx, i%writers)
			}
		})
	}
	for id := range int64(writers) {
		own.Go(func() {
			for i := range each {
				want := fmt.Sprint(i)
				if err := u.Set(ctx, id, User{Name: want}); err != nil {
					t.Error(err)
					return
				}
				for range 2 {
					if got, err := u.Get(ctx, id); err != nil || got.Name != want {
						t.Errorf("after Set of %s, Get returns %v, %v", want, got, err)
						return
					}
				}
			}
		})
	}
	own.Wait()
	cancel()
	others.Wait()
	if hits := u.Stats().Near.Hits; hits == 0 {
		t.Error("nothing was read from memory")
	}
}

// A record that is read only from memory counts as used: a sweep keeps it. An unread record is
// removed.
func TestNearKeepsTrackedAlive(t *testing.T) {
	const idle, half = 10 * time.Minute, 30 * time.Second // half a window
	servers(t, func(t *testing.T, b *redistest.Backend) {
		o := tracked()
		o.Near = &cache.Near{Staleness: hour} // memory also answers after the clock was moved
		u, h := nearUsers(t, b, o)
		for id := range int64(2) {
			u.set(id, ann)
			u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), id) })
		}
		for id := range int64(2) {
			u.idle(id, idle, o)
		}
		recent.Skip(half)
		hits := u.Stats().Near.Hits
		got, err := u.Get(ctx(t), 0)
		wantUser(t, got, err, ann)
		if n := u.Stats().Near.Hits - hits; n != 1 {
			t.Fatalf("%d reads were answered from memory, want 1", n)
		}
		u.noted(0)
		res, err := u.Sweep(ctx(t), idle/2)
		if must(t, err); res.Removed != 1 {
			t.Errorf("the sweep: %+v, want one record removed", res)
		}
		got, err = u.Peek(ctx(t), 0)
		wantUser(t, got, err, ann)
		soon(t, "the unread record is removed", func() bool {
			_, err := u.Peek(ctx(t), 1)
			return err != nil
		})
	})
}
