package cache_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

func TestAdd(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		for _, opts := range [][]cache.SetOption{nil, {cache.WithTTL(2 * hour)}} {
			must(t, u.Delete(ctx(t), 1))
			must(t, u.Add(ctx(t), 1, ann, opts...))
			for range 2 {
				u.age(1, 10*time.Minute)
				wantErr(t, u.Add(ctx(t), 1, bob, opts...), cache.ErrExists, "Add", "1")
				u.wantLeft(1, 10*time.Minute) // a refused Add renews nothing
				got, err := u.Peek(ctx(t), 1)
				wantUser(t, got, err, ann)
			}
		}
		wantErr(t, u.Add(ctx(t), 2, ann, cache.WithTTL(0)), cache.ErrTTL, "Add", "2")
	})
}

// Of 20 callers that add one key at the same time, exactly one succeeds, and its value is stored.
func TestAddOnce(t *testing.T) {
	const callers = 20
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		for name, o := range creators() {
			t.Run(name, func(t *testing.T) {
				u := newUsers(t, b, o)
				for id := range int64(5) {
					var winners, winner atomic.Int64
					var wg sync.WaitGroup
					begin := make(chan struct{})
					for i := range int64(callers) {
						wg.Go(func() {
							<-begin
							err := u.Add(ctx(t), id, User{Name: "Ann", Age: int(i)})
							switch {
							case err == nil:
								winners.Add(1)
								winner.Store(i)
							case !errors.Is(err, cache.ErrExists):
								t.Error(err)
							}
						})
					}
					close(begin)
					wg.Wait()
					got, err := u.Get(ctx(t), id)
					if winners.Load() != 1 || err != nil || int64(got.Age) != winner.Load() {
						t.Errorf("%d of %d succeeded, the last was %d; the record is %v, %v",
							winners.Load(), callers, winner.Load(), got, err)
					}
				}
			})
		}
	})
}
