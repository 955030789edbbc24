package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// A loader that waits for its own load, directly or through others, fails all waiting callers with
// ErrLoadCircle. There is no deadlock.
func TestLoadersInACircle(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		names := mustNew[string](t, b.Client, b.Name(), codec.String{}, nil)
		var self func(ctx context.Context, id int64) (User, error)
		self = func(ctx context.Context, id int64) (User, error) {
			return u.GetOrLoad(ctx, id, self)
		}
		_, err := u.GetOrLoad(ctx(t), 1, self)
		wantErr(t, err, cache.ErrLoadCircle, "GetOrLoad", "1")
		_, err = u.GetOrLoadMany(ctx(t), []int64{1, 2},
			func(ctx context.Context, ids []int64) (map[int64]User, error) {
				return u.GetOrLoadMany(ctx, ids[1:], noUsers)
			})
		if !errors.Is(err, cache.ErrLoadCircle) {
			t.Errorf("a batch gives %v", err)
		}

		// Two caches and two callers: each loader asks for the other's record.
		var both sync.WaitGroup
		both.Add(2)
		meet := func() { both.Done(); both.Wait() }
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := u.GetOrLoad(ctx(t), 3, func(ctx context.Context, _ int64) (User, error) {
				meet()
				name, err := names.GetOrLoad(ctx, "3", noName)
				return User{Name: name}, err
			})
			if !errors.Is(err, cache.ErrLoadCircle) {
				t.Errorf("the first gives %v", err)
			}
		})
		wg.Go(func() {
			load := func(ctx context.Context, _ string) (string, error) {
				meet()
				v, err := u.GetOrLoad(ctx, 3, newSource(nil).user)
				return v.Name, err
			}
			_, err := names.GetOrLoad(ctx(t), "3", load)
			if !errors.Is(err, cache.ErrLoadCircle) {
				t.Errorf("the second gives %v", err)
			}
		})
		wg.Wait()
	})
}

func noUsers(context.Context, []int64) (map[int64]User, error) { return nil, nil }
func noName(context.Context, string) (string, error)           { return "", nil }

// A load inside another load needs no slot of MaxLoads, even if the load is already waiting for
// one.
func TestMaxLoads(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{MaxLoads: 1}})
		s := newSource(map[int64]User{1: ann, 2: bob, 3: ann})
		outer, goOn := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := u.GetOrLoad(ctx(t), 1, func(ctx context.Context, id int64) (User, error) {
				close(outer)
				<-goOn
				if _, err := u.GetOrLoad(ctx, 3, s.user); err != nil { // only this load asks for it
					return User{}, err
				}
				return u.GetOrLoad(ctx, 2, s.user)
			})
			wantUser(t, got, err, bob)
		})
		<-outer
		for range 3 { // they wait for the slot
			wg.Go(func() {
				got, err := u.GetOrLoad(ctx(t), 2, s.user)
				wantUser(t, got, err, bob)
			})
		}
		short, cancel := context.WithTimeout(ctx(t), 20*time.Millisecond)
		defer cancel()
		_, err := u.GetOrLoad(short, 4, s.user) // it gives up, and its load never begins
		wantErr(t, err, context.DeadlineExceeded, "GetOrLoad", "4")
		s.wantLoads(t, 0)
		close(goOn)
		wg.Wait()
		s.wantLoads(t, 2)
	})
}

// At most MaxLoads loaders run at the same time.
func TestMaxLoadsBounds(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, most := range []int{3, -1} {
			u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{MaxLoads: most}})
			s := stoppedSource(anns(20))
			var wg sync.WaitGroup
			for id := range int64(20) {
				wg.Go(func() {
					got, err := u.GetOrLoad(ctx(t), id, s.user)
					wantUser(t, got, err, ann)
				})
			}
			if most < 0 {
				soon(t, "all at once", func() bool { return s.calls.Load() == 20 })
			} else {
				soon(t, "three at once", func() bool { return s.calls.Load() == 3 })
				time.Sleep(20 * time.Millisecond)
				s.wantLoads(t, 3)
			}
			close(s.resume)
			wg.Wait()
			s.wantLoads(t, 20)
		}
	})
}
