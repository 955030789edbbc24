package cache_test

import (
	"context"
	"sync"
	"testing"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// Close ends loads at once: callers get ErrClosed, the loader's context ends, and its result is not
// written. The lease is released.
func TestCloseDuringLoads(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, end := range map[string]func(u users) error{
			"Close":    func(u users) error { return u.Close() },
			"Shutdown": func(u users) error { return u.Shutdown(ctx(t)) },
		} {
			t.Run(name, func(t *testing.T) {
				u := newUsers(t, b, long())
				started, returned := make(chan struct{}), make(chan struct{})
				var wg sync.WaitGroup
				wg.Go(func() {
					load := func(ctx context.Context, _ int64) (User, error) {
						defer close(returned)
						close(started)
						<-ctx.Done()
						return ann, nil
					}
					_, err := u.GetOrLoad(ctx(t), 1, load)
					wantErr(t, err, cache.ErrClosed, "GetOrLoad", "1")
				})
				<-started
				other := usersNamed(t, b, u.Name(), long())
				wg.Go(func() { // waits for the first load
					got, err := other.GetOrLoad(ctx(t), 1, newSource(map[int64]User{1: bob}).user)
					wantUser(t, got, err, bob)
				})
				must(t, end(u))
				<-returned
				wg.Wait()
				got, err := other.Get(ctx(t), 1)
				wantUser(t, got, err, bob)
				s := newSource(nil)
				_, err = u.GetOrLoad(ctx(t), 1, s.user)
				wantErr(t, err, cache.ErrClosed, "GetOrLoad", "1")
				_, err = u.Reload(ctx(t), 1, s.user)
				wantErr(t, err, cache.ErrClosed, "Reload", "1")
				_, err = u.GetOrLoadMany(ctx(t), []int64{1}, s.users)
				wantErr(t, err, cache.ErrClosed, "GetOrLoadMany", "")
				s.wantLoads(t, 0)
			})
		}
	})
}

// A loader may close the cache.
func TestCloseInALoader(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		_, err := u.GetOrLoad(ctx(t), 1, func(context.Context, int64) (User, error) {
			return ann, u.Close()
		})
		wantErr(t, err, cache.ErrClosed, "GetOrLoad", "1")
	})
}
