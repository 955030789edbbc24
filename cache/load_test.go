package cache_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// A missing record is loaded, stored under the policy, and then read.
func TestGetOrLoad(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		s := newSource(map[int64]User{1: ann})
		for range 3 {
			got, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantUser(t, got, err, ann)
		}
		s.wantLoads(t, 1)
		u.wantLeft(1, hour)
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, ann)
	})
}

// One loader runs for any number of callers, in one process or several.
func TestOneLoad(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		s := newSource(map[int64]User{1: ann})
		s.resume = make(chan struct{})
		other := usersNamed(t, b, u.Name(), nil)
		var wg sync.WaitGroup
		for i := range 100 {
			in := u
			if i%2 == 0 {
				in = other
			}
			wg.Go(func() {
				got, err := in.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
			})
		}
		soon(t, "a load", func() bool { return s.calls.Load() > 0 })
		time.Sleep(50 * time.Millisecond)
		close(s.resume)
		wg.Wait()
		s.wantLoads(t, 1)
	})
}

func TestGetOrLoadMany(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		s := newSource(map[int64]User{1: ann, 2: bob, 3: ann})
		u.set(3, bob)
		for range 2 {
			got, err := u.GetOrLoadMany(ctx(t), []int64{1, 2, 2, 3, 4}, s.users)
			must(t, err)
			if len(got) != 3 || got[1].Name != "Ann" || got[2].Name != "Bob" ||
				got[3].Name != "Bob" {
				t.Errorf("got %v", got)
			}
		}
		s.wantLoads(t, 2)
		if n := s.keys.Load(); n != 4 {
			t.Errorf("loaders were asked for %d keys, want 3 and then 1", n)
		}
	})
}

func TestReload(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		s := newSource(map[int64]User{1: ann})
		for _, v := range []User{ann, bob, ann} {
			s.put(1, v)
			got, err := u.Reload(ctx(t), 1, s.user)
			wantUser(t, got, err, v)
			got, err = u.Get(ctx(t), 1)
			wantUser(t, got, err, v)
		}
		s.wantLoads(t, 3)
	})
}

// An empty value is a value: it is stored.
func TestEmptyValueIsLoadedOnce(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		c := mustNew[int64](t, b.Client, b.Name(), codec.Bytes{}, nil)
		calls := 0
		for range 2 {
			v, err := c.GetOrLoad(ctx(t), 1, func(context.Context, int64) ([]byte, error) {
				calls++
				return nil, nil
			})
			if len(v) != 0 || err != nil || calls != 1 {
				t.Errorf("got %q, %v, after %d loads", v, err, calls)
			}
		}
	})
}
