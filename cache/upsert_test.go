package cache_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// creators are the options under which Add and Upsert are tested: every policy, AutoPipeline alone,
// and TrackAccess.
func creators() map[string]*cache.Options {
	all := map[string]*cache.Options{
		"auto-pipelined": autoPipelined(),
		"tracked":        {TTL: ttl.Fixed(hour), TrackAccess: true},
	}
	for _, p := range policies {
		all[p.name] = p.o
	}
	return all
}

// Callers that create one record at the same time lose nothing that the others wrote.
func TestUpsertLosesNoItem(t *testing.T) {
	const writers = 10
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		carts := fewer(b, 50)
		for name, o := range creators() {
			t.Run(name, func(t *testing.T) {
				rdb := b.NewClient(t, patient)
				all := mustNew[int64](t, rdb, b.Name(), codec.JSON[[]int]{}, o)
				var created atomic.Int64
				var wg sync.WaitGroup
				begin := make(chan struct{})
				for id := range int64(carts) {
					for item := range writers {
						wg.Go(func() {
							<-begin
							first := false
							_, err := all.Upsert(ctx(t), id, func(
								cart []int, found bool,
							) ([]int, error) {
								if first = !found; first && cart != nil {
									t.Errorf("cart %d does not exist, but is %v", id, cart)
								}
								return append(cart, item), nil
							})
							if err != nil {
								t.Errorf("cart %d: %v", id, err)
							} else if first {
								created.Add(1)
							}
						})
					}
				}
				close(begin)
				wg.Wait()
				if n := created.Load(); n != int64(carts) {
					t.Errorf("%d carts were created by %d callers", carts, n)
				}
				for id := range int64(carts) {
					cart, err := all.Get(ctx(t), id)
					items := map[int]bool{}
					for _, item := range cart {
						items[item] = true
					}
					if len(cart) != writers || len(items) != writers || err != nil {
						t.Errorf("cart %d has %v, %v", id, cart, err)
					}
				}
			})
		}
	})
}

func TestUpsert(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		visit := func(v User, found bool) (User, error) {
			if !found {
				return bob, nil
			}
			v.Visits++
			return v, nil
		}
		want := bob
		for range 3 {
			got, err := u.Upsert(ctx(t), 1, visit)
			wantUser(t, got, err, want)
			got, err = u.Peek(ctx(t), 1)
			wantUser(t, got, err, want)
			want.Visits++
		}

		stop := errors.New("stop")
		for id := range int64(2) {
			got, err := u.Upsert(ctx(t), id, func(User, bool) (User, error) { return ann, stop })
			wantErr(t, err, stop, "Upsert", fmt.Sprint(id))
			if got.Name != "" {
				t.Errorf("a failed Upsert returned %v", got)
			}
		}
		if n, err := u.Len(ctx(t)); n != 1 || err != nil {
			t.Errorf("after failed Upserts there are %d records, %v", n, err)
		}
		_, err := u.Upsert(ctx(t), 1, nil)
		wantErr(t, err, errors.Unwrap(err), "Upsert", "1")
		for _, id := range []int64{1, 7} { // a bad TTL is refused with and without a record
			_, err = u.Upsert(ctx(t), id, visit, cache.WithTTL(0))
			wantErr(t, err, cache.ErrTTL, "Upsert", fmt.Sprint(id))
		}

		// A record that is deleted during an Upsert is created again.
		must(t, u.Delete(ctx(t), 2))
		u.set(2, ann)
		calls := 0
		got, err := u.Upsert(ctx(t), 2, func(v User, found bool) (User, error) {
			if calls++; found != (calls == 1) {
				t.Errorf("call %d: found is %v", calls, found)
			}
			must(t, u.Delete(ctx(t), 2))
			return bob, nil
		})
		wantUser(t, got, err, bob)
		if calls != 2 {
			t.Errorf("fn was called %d times, want 2", calls)
		}
	})
}

// If another writer always writes or deletes first, Upsert returns ErrConflict.
func TestUpsertConflict(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		u := newUsers(t, b, active())
		calls := 0
		_, err := u.Upsert(ctx(t), 1, func(_ User, found bool) (User, error) {
			if calls++; found != (calls%2 == 0) {
				t.Fatalf("call %d: found is %v", calls, found)
			}
			if found {
				return ann, u.Delete(ctx(t), 1)
			}
			u.set(1, bob)
			return ann, nil
		})
		wantErr(t, err, cache.ErrConflict, "Upsert", "1")
	})
}
