package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// The result for each key depends on what the batch loader returns.
func TestBatchLoader(t *testing.T) {
	boom, other := errors.New("boom"), errors.New("other")
	ids := []int64{1, 2, 3}
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, tt := range []struct {
			name   string
			values map[int64]User
			err    error
			errs   map[int64]error // of keys; the others have a value or are absent
		}{
			{"all", map[int64]User{1: ann, 2: ann, 3: ann}, nil, nil},
			{"absent", map[int64]User{1: ann}, nil, nil},
			{"nil map", nil, nil, nil},
			{"unrequested keys", map[int64]User{1: ann, 7: bob}, nil, nil},
			{"error", map[int64]User{1: ann}, boom, map[int64]error{2: boom, 3: boom}},
			{"error with all", map[int64]User{1: ann, 2: ann, 3: ann}, boom, nil},
			{"not found", map[int64]User{1: ann}, cache.ErrNotFound, nil},
			{"no key errors", map[int64]User{1: ann}, cache.KeyErrors[int64]{}, nil},
			{"key errors", map[int64]User{1: ann}, cache.KeyErrors[int64]{2: boom, 3: nil},
				map[int64]error{2: boom}},
			{"wrapped", nil, fmt.Errorf("w: %w", cache.KeyErrors[int64]{1: other, 2: boom}),
				map[int64]error{1: other, 2: boom}},
			{"key not found", nil, cache.KeyErrors[int64]{1: cache.ErrNotFound, 2: boom},
				map[int64]error{2: boom}},
			{"value and error", map[int64]User{1: ann}, cache.KeyErrors[int64]{1: boom}, nil},
		} {
			t.Run(tt.name, func(t *testing.T) {
				u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{Absent: hour}})
				got, err := u.GetOrLoadMany(ctx(t), ids,
					func(context.Context, []int64) (map[int64]User, error) {
						return tt.values, tt.err
					})
				failed := 0
				for _, id := range ids {
					want, ok := tt.values[id]
					if v, has := got[id]; has != ok || v.Name != want.Name {
						t.Errorf("key %d is %v, %v", id, v, has)
					}
					if e := tt.errs[id]; e != nil {
						failed++
						if !errors.Is(err, e) {
							t.Errorf("the error is %v and lacks %v", err, e)
						}
					}
					stored, readErr := u.Peek(ctx(t), id)
					missed := errors.Is(readErr, cache.ErrNotFound)
					if ok && stored.Name != want.Name || missed == ok {
						t.Errorf("Peek of key %d gives %v, %v", id, stored, readErr)
					}
					marker := b.Client.HExists(ctx(t), u.redisKey(id), "n").Val()
					if !ok && marker != (tt.errs[id] == nil) {
						t.Errorf("key %d has a marker: %v", id, marker)
					}
				}
				if n := countErrors(err); n != failed {
					t.Errorf("%d keys failed, want %d: %v", n, failed, err)
				}
				if _, err := u.Peek(ctx(t), 7); !errors.Is(err, cache.ErrNotFound) {
					t.Errorf("Peek of an unrequested key: %v", err)
				}
			})
		}
	})
}

// countErrors returns the number of errors in the error of a batch.
func countErrors(err error) int {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return len(all.Unwrap())
	}
	return 0
}

// Two batches that need each other's keys do not wait for each other.
func TestCrossingBatches(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{Lease: hour, Timeout: hour}})
		other := usersNamed(t, b, u.Name(), &cache.Options{
			Load: cache.LoadConfig{Lease: hour, Timeout: hour}})
		for _, in := range []users{u, other} { // in one process, and in two
			for round := range 5 {
				s := newSource(anns(300))
				base := int64(round * 40)
				var wg sync.WaitGroup
				for i, c := range []users{u, in} {
					var ids []int64
					for n := range int64(20) {
						ids = append(ids, base+n, base+39-n)
					}
					if i == 1 {
						for l, r := 0, len(ids)-1; l < r; l, r = l+1, r-1 {
							ids[l], ids[r] = ids[r], ids[l]
						}
					}
					wg.Go(func() {
						got, err := c.GetOrLoadMany(ctx(t), ids, s.users)
						if len(got) != 40 || err != nil {
							t.Errorf("got %d, %v", len(got), err)
						}
					})
				}
				wg.Wait()
				if n := s.keys.Load(); n != 40 {
					t.Errorf("%d keys were loaded, want 40", n)
				}
			}
			must(t, func() error { _, err := u.Clear(ctx(t)); return err }())
		}
	})
}

// A batch and a single call share the load of a key. A batch does not delay a key that another
// process loads.
func TestBatchAndSingle(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{Lease: hour}})
		s := stoppedSource(map[int64]User{1: ann, 2: bob, 3: ann})
		u.leased(tokenOfNobody, hour)
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := u.GetOrLoadMany(ctx(t), []int64{1, 2, 3}, s.users)
			if len(got) != 3 || err != nil {
				t.Errorf("got %v, %v", got, err)
			}
		})
		<-s.started
		wg.Go(func() { // shares the load of the batch
			got, err := u.GetOrLoad(ctx(t), 2, newSource(nil).user)
			wantUser(t, got, err, bob)
		})
		time.Sleep(10 * time.Millisecond)
		single := make(chan struct{})
		go func() { // waits, as the batch does, for another process to set the record
			defer close(single)
			got, err := u.GetOrLoad(ctx(t), 1, newSource(nil).user)
			wantUser(t, got, err, bob)
		}()
		time.Sleep(10 * time.Millisecond)
		u.set(1, bob)
		<-single // although the loader of the batch has not returned
		close(s.resume)
		wg.Wait()
	})
}

// Values of a batch that are larger than a chunk together are stored too.
func TestLargeBatch(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, long())
		ids := make([]int64, fewer(b, 2500))
		for i := range ids {
			ids[i] = int64(i)
		}
		s := newSource(anns(len(ids) - 10))
		for range 2 {
			got, err := u.GetOrLoadMany(ctx(t), ids, s.users)
			if len(got) != len(ids)-10 || err != nil {
				t.Errorf("got %d, %v", len(got), err)
			}
		}
		if n := int(s.keys.Load()); n != len(ids)+10 {
			t.Errorf("%d keys were loaded, want %d and then 10", n, len(ids))
		}
		none, err := u.GetOrLoadMany(ctx(t), nil, s.users)
		if none == nil || len(none) != 0 || err != nil {
			t.Errorf("no keys give %v, %v", none, err)
		}
	})
}
