package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// refreshing are policies under which a record is due for a refresh in its last 10 minutes.
var refreshing = []struct {
	name string
	o    *cache.Options
}{
	{"fixed", fixed(ttl.Refresh(10 * time.Minute))},
	{"fixed with jitter", fixed(ttl.Refresh(10*time.Minute), ttl.Jitter(0.2))},
	{"active", active(ttl.MaxAge(hour), ttl.Refresh(10*time.Minute))},
	{"active with tolerance", active(ttl.MaxAge(hour), ttl.Refresh(10*time.Minute),
		ttl.Tolerance(time.Minute))},
}

// everyRefresh runs a test under each policy with a refresh.
func everyRefresh(t *testing.T, fn func(t *testing.T, b *redistest.Backend, o cache.Options)) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, p := range refreshing {
			t.Run(p.name, func(t *testing.T) { fn(t, b, *p.o) })
		}
	})
}

// nearEnd leaves a record only this much of its life.
func (u users) nearEnd(b *redistest.Backend, id int64, left time.Duration) {
	u.t.Helper()
	key := u.redisKey(id)
	if b.Client.Type(ctx(u.t), key).Val() == "list" {
		must(u.t, b.Client.LSet(ctx(u.t), key, 2, b.Now().Add(left).UnixMilli()).Err())
	}
	u.age(id, left)
}

// A record that is due is returned at once, and one process loads it again in the background.
func TestRefresh(t *testing.T) {
	everyRefresh(t, func(t *testing.T, b *redistest.Backend, o cache.Options) {
		h := &recorder{}
		o.Hook = h
		u := newUsers(t, b, &o)
		other := usersNamed(t, b, u.Name(), &o)
		s := newSource(map[int64]User{1: ann})
		_, err := u.GetOrLoad(ctx(t), 1, s.user)
		must(t, err)
		for range 3 { // not due
			_, _ = u.GetOrLoad(ctx(t), 1, s.user)
			_, _ = other.GetOrLoad(ctx(t), 1, s.user)
		}
		s.wantLoads(t, 1)

		u.nearEnd(b, 1, 5*time.Minute)
		s.mu.Lock()
		s.rows[1], s.resume = bob, make(chan struct{})
		s.mu.Unlock()
		var wg sync.WaitGroup
		for i := range 20 {
			in := []users{u, other}[i%2]
			wg.Go(func() {
				got, err := in.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
			})
		}
		wg.Wait() // although the refresh has not ended
		close(s.resume)
		soon(t, "the new value", func() bool {
			got, err := u.Peek(ctx(t), 1)
			return err == nil && got.Name == "Bob"
		})
		if left := u.left(1); left < 47*time.Minute {
			t.Errorf("the new record has %v left", left)
		}
		for range 3 {
			got, err := other.GetOrLoad(ctx(t), 1, s.user)
			wantUser(t, got, err, bob)
		}
		s.wantLoads(t, 2)
		soon(t, "the refresh in the Hook", func() bool { return h.sum("Refresh").Loaded == 1 })
		if n := h.sum("GetOrLoad").Stale; n != 20 {
			t.Errorf("the Hook counts %d stale hits, want 20", n)
		}
	})
}

// Only the GetOrLoad family refreshes. For other readers, the TTL stays the limit.
func TestOthersDoNotRefresh(t *testing.T) {
	everyRefresh(t, func(t *testing.T, b *redistest.Backend, o cache.Options) {
		u := newUsers(t, b, &o)
		u.set(1, ann)
		u.nearEnd(b, 1, time.Minute)
		for range 3 {
			got, err := u.Get(ctx(t), 1)
			wantUser(t, got, err, ann)
		}
		if left := u.left(1); left > time.Minute {
			t.Errorf("the record has %v left", left)
		}
	})
}

// A refresh that fails leaves the old value. The next attempt comes one Lease later.
func TestRefreshFails(t *testing.T) {
	everyRefresh(t, func(t *testing.T, b *redistest.Backend, o cache.Options) {
		o.Load.Lease = hour / 2
		u := newUsers(t, b, &o)
		other := usersNamed(t, b, u.Name(), &o)
		u.set(1, ann)
		u.nearEnd(b, 1, 5*time.Minute)
		s := newSource(nil)
		failing := func(ctx context.Context, id int64) (User, error) {
			_, _ = s.user(ctx, id)
			return User{}, errors.New("boom")
		}
		for range 10 {
			for _, in := range []users{u, other} {
				got, err := in.GetOrLoad(ctx(t), 1, failing)
				wantUser(t, got, err, ann)
			}
			time.Sleep(time.Millisecond)
		}
		soon(t, "one attempt", func() bool { return s.calls.Load() == 1 })
		b.Client.Unlink(ctx(t), u.Name()+"!load:1")
		third := usersNamed(t, b, u.Name(), &o)
		for range 10 {
			got, err := third.GetOrLoad(ctx(t), 1, failing)
			wantUser(t, got, err, ann)
		}
		soon(t, "another attempt", func() bool { return s.calls.Load() == 2 })
	})
}

// If a record no longer exists at the source, its refresh removes it, and the absence is known.
func TestRefreshFindsNothing(t *testing.T) {
	everyRefresh(t, func(t *testing.T, b *redistest.Backend, o cache.Options) {
		o.Load.Absent = hour
		u := newUsers(t, b, &o)
		u.set(1, ann)
		u.nearEnd(b, 1, 5*time.Minute)
		s := newSource(nil)
		got, err := u.GetOrLoad(ctx(t), 1, s.user)
		wantUser(t, got, err, ann)
		soon(t, "the removal", func() bool {
			_, err := u.GetOrLoad(ctx(t), 1, s.user)
			return errors.Is(err, cache.ErrNotFound)
		})
		s.wantLoads(t, 1)
	})
}

// A write during a refresh wins. This includes a Set of equal bytes, with a longer or a shorter
// life.
func TestWritesDuringARefresh(t *testing.T) {
	everyRefresh(t, func(t *testing.T, b *redistest.Backend, o cache.Options) {
		writes := map[string]func(u users) error{
			"equal, shorter": func(u users) error {
				return u.Set(ctx(t), 1, ann, cache.WithTTL(3*time.Minute))
			},
			"equal, longer": func(u users) error {
				return u.Set(ctx(t), 1, ann, cache.WithTTL(30*time.Minute))
			},
			"equal": func(u users) error { return u.Set(ctx(t), 1, ann) },
		}
		for op, change := range changes {
			if op != "Add" && op != "Touch" {
				writes[op] = change
			}
		}
		for op, write := range writes {
			t.Run(op, func(t *testing.T) {
				h := &recorder{}
				o := o
				o.Hook = h
				u := newUsers(t, b, &o)
				other := usersNamed(t, b, u.Name(), &o)
				u.set(1, ann)
				u.nearEnd(b, 1, 5*time.Minute)
				s := stoppedSource(map[int64]User{1: {Name: "Loaded"}})
				got, err := u.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
				<-s.started
				must(t, write(other))
				before, beforeErr := u.Peek(ctx(t), 1)
				close(s.resume)
				soon(t, "the end", func() bool { return len(h.of("Refresh")) == 1 })
				after, afterErr := u.Peek(ctx(t), 1)
				if before.Name != after.Name || errors.Is(beforeErr, cache.ErrNotFound) !=
					errors.Is(afterErr, cache.ErrNotFound) {
					t.Errorf("Peek gives %v, %v, and later %v, %v", before, beforeErr, after,
						afterErr)
				}
				if n := h.sum("Refresh").Superseded; n != 1 {
					t.Errorf("the Hook counts %d superseded loads, want 1", n)
				}
			})
		}
	})
}

// WaitFresh waits for the new value, which this or another process loads. If it does not come in
// time, the caller gets the old value.
func TestWaitFresh(t *testing.T) {
	everyRefresh(t, func(t *testing.T, b *redistest.Backend, o cache.Options) {
		u := newUsers(t, b, &o)
		other := usersNamed(t, b, u.Name(), &o)
		u.set(1, ann)
		u.nearEnd(b, 1, 5*time.Minute)
		s := stoppedSource(map[int64]User{1: bob})
		got, err := u.GetOrLoad(ctx(t), 1, s.user, cache.WaitFresh(10*time.Millisecond))
		wantUser(t, got, err, ann)
		var wg sync.WaitGroup
		for _, in := range []users{u, other, u, other} {
			wg.Go(func() {
				got, err := in.GetOrLoad(ctx(t), 1, s.user, cache.WaitFresh(hour))
				wantUser(t, got, err, bob)
			})
		}
		time.Sleep(10 * time.Millisecond) // they wait
		close(s.resume)
		wg.Wait()
		s.wantLoads(t, 1)
	})
}

// A refreshed record of a batch is returned, even if another record has taken all the time.
func TestWaitFreshOfABatch(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		u := newUsers(t, b, fixed(ttl.Refresh(10*time.Minute)))
		for id := range int64(2) {
			u.set(id, ann)
			u.nearEnd(b, id, 5*time.Minute)
		}
		must(t, b.Client.Set(ctx(t), u.Name()+"!load:0", "another", hour).Err())
		s := newSource(map[int64]User{0: bob, 1: bob})
		got, err := u.GetOrLoadMany(ctx(t), []int64{0, 1}, s.users, cache.WaitFresh(time.Second))
		if err != nil || got[0].Name != "Ann" || got[1].Name != "Bob" {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

// A record with its own shorter TTL has a Refresh that is shorter in proportion.
func TestRefreshOfOwnTTL(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, fixed(ttl.Refresh(10*time.Minute)))
		for id, tt := range []struct {
			own, left time.Duration
			due       bool
		}{
			{6 * time.Minute, 2 * time.Minute, false}, // due in its last minute
			{6 * time.Minute, 50 * time.Second, true},
			{6 * hour, 11 * time.Minute, false},
			{6 * hour, 9 * time.Minute, true},
		} {
			id := int64(id)
			s := newSource(map[int64]User{id: bob})
			u.set(id, ann, cache.WithTTL(tt.own))
			u.wantLeft(id, tt.own)
			u.nearEnd(b, id, tt.left)
			for range 2 {
				got, err := u.GetOrLoad(ctx(t), id, s.user, cache.WaitFresh(100*time.Millisecond))
				want := ann
				if tt.due {
					want = bob
				}
				wantUser(t, got, err, want)
			}
			if tt.due {
				u.wantLeft(id, hour)
			} else {
				u.wantLeft(id, tt.left)
			}
			if n := s.calls.Load(); (n == 1) != tt.due {
				t.Errorf("with %v of %v left, it was loaded %d times", tt.left, tt.own, n)
			}
		}
	})
}
