package cache_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// With StaleOnOutage, copies answer for a time while Redis does not.
func TestNearStaleOnOutage(t *testing.T) {
	for _, stale := range []time.Duration{0, hour} {
		t.Run(stale.String(), func(t *testing.T) {
			if testing.Short() && stale == 0 {
				t.Skip("waits for timeouts")
			}
			t.Parallel()
			s := redistest.Start(t)
			p := redistest.NewProxy(t, s.Addr())
			rdb := s.Client(t, func(o *redis.UniversalOptions) {
				o.Addrs, o.ReadTimeout, o.MaxRetries = []string{p.Addr()}, 300*time.Millisecond, -1
			})
			u, h := nearNamed(t, rdb, "users",
				nearWith(cache.Near{Staleness: bound, StaleOnOutage: stale}))
			for id := range int64(2) {
				u.set(id, ann)
				u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), id) })
			}
			p.Set(redistest.Spoil{Swallow: true})
			soon(t, "no more proofs", func() bool {
				return u.Stats().Near.ProofAge > bound ||
					u.Stats().Near.ProofAge < 0
			})
			check := func(kind string, got User, err error) {
				t.Helper()
				switch {
				case stale == 0 && err == nil:
					t.Errorf("%s returns %v without StaleOnOutage", kind, got)
				case stale > 0:
					wantUser(t, got, err, ann)
				}
			}
			h.forget()
			got, err := u.Get(ctx(t), 0)
			check("Get", got, err)
			many, err := u.GetMany(ctx(t), []int64{0, 1})
			check("GetMany", many[1], err)
			failing := func(context.Context, int64) (User, error) {
				return User{}, errors.New("no database")
			}
			got, err = u.GetOrLoad(ctx(t), 0, failing)
			check("GetOrLoad", got, err)
			if stale > 0 { // the Hook counts each of them
				for kind, want := range map[string]int{"Get": 1, "GetMany": 2, "GetOrLoad": 1} {
					if op := h.of(kind)[0]; op.Rescued != want || op.Near != 0 {
						t.Errorf("the Hook gets %+v, want %d rescued", op, want)
					}
				}
				if n := u.Stats().Near.Rescued; n != 4 || h.count("Outage") == 0 {
					t.Errorf("%d rescued, want 4; %d outages, want some", n, h.count("Outage"))
				}
			}
			got, err = u.GetOrLoad(ctx(t), 0, newSource(map[int64]User{0: bob}).user)
			wantUser(t, got, err, bob) // a loader has priority over an old copy

			_ = u.Set(ctx(t), 0, bob) // it may have been written
			if _, err := u.Get(ctx(t), 0); err == nil {
				t.Error("an old copy is returned after a write")
			}
		})
	}
}

// Any reply of Redis ends an older copy, even if it is no value: the copy does not answer in a
// later outage.
func TestNearAnswersEndOldCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for timeouts")
	}
	s := redistest.Start(t)
	admin := s.Client(t)
	p := redistest.NewProxy(t, s.Addr())
	o := nearWith(cache.Near{Staleness: minStaleness, StaleOnOutage: hour})
	o.MaxValueBytes = 1000
	u, h := nearNamed(t, s.Client(t, func(o *redis.UniversalOptions) {
		o.Addrs, o.ReadTimeout, o.MaxRetries = []string{p.Addr()}, 300*time.Millisecond, -1
	}), "users", o)
	const kept = 5
	for id := range int64(kept + 1) {
		u.set(id, ann)
		u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), id) })
	}
	// No session will be proven again and no invalidation arrives, so all copies are old.
	must(t, admin.Do(ctx(t), "acl", "setuser", "default", "-client|tracking").Err())
	must(t, admin.Do(ctx(t), "client", "kill", "type", "pubsub").Err())
	soon(t, "no more proofs", func() bool { return u.Stats().Near.ProofAge < 0 })
	time.Sleep(2 * minStaleness)
	_, err := admin.Pipelined(ctx(t), func(p redis.Pipeliner) error {
		p.Set(ctx(t), u.redisKey(0), "not json", hour)
		p.Del(ctx(t), u.redisKey(1))
		p.SAdd(ctx(t), u.redisKey(1), "x")
		p.Set(ctx(t), u.redisKey(2), `{"name":"`+strings.Repeat("x", 2000)+`"}`, hour)
		p.Set(ctx(t), u.redisKey(3), `{"name":"Bob","age":44}`, hour)
		p.Del(ctx(t), u.redisKey(4))
		return nil
	})
	must(t, err)
	wants := []error{cache.ErrDecode, cache.ErrWrongType, cache.ErrTooLarge, nil, cache.ErrNotFound}
	for id, want := range wants {
		if _, err := u.Get(ctx(t), int64(id)); !errors.Is(err, want) {
			t.Errorf("Get %d: %v, want %v", id, err, want)
		}
	}
	p.Set(redistest.Spoil{Swallow: true})
	for id := range int64(kept) {
		if got, err := u.Get(ctx(t), id); err == nil || errors.Is(err, cache.ErrNotFound) {
			t.Errorf("Get %d in the outage: %v, %v", id, got, err)
		}
	}
	got, err := u.Get(ctx(t), kept)
	wantUser(t, got, err, ann)
}

// In an outage, a caller gets a copy when its deadline passes. A caller that cancels does not.
func TestNearOutageDeadline(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t, patient, func(o *redis.UniversalOptions) { o.ContextTimeoutEnabled = true })
	o := nearWith(cache.Near{Staleness: minStaleness, StaleOnOutage: hour})
	o.Load.Patience = cache.DefaultPatience
	u, h := nearNamed(t, rdb, "users", o)
	u.set(1, ann)
	u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), 1) })
	s.Pause(t)
	defer s.Resume(t)
	soon(t, "no more proofs", func() bool {
		age := u.Stats().Near.ProofAge
		return age < 0 || age > minStaleness
	})
	for range 2 { // the second one may join the first
		short, cancel := context.WithTimeout(ctx(t), 50*time.Millisecond)
		got, err := u.Get(short, 1)
		cancel()
		wantUser(t, got, err, ann)
	}
	ended, cancel := context.WithCancel(ctx(t))
	time.AfterFunc(20*time.Millisecond, cancel)
	if got, err := u.Get(ended, 1); err == nil {
		t.Errorf("a cancelled Get returns %v", got)
	}
}
