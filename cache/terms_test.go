package cache_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// Records expire when time passes: on a real server these tests wait.
func TestExpiry(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		const ttlOfAll = 300 * time.Millisecond
		f := newUsers(t, b, &cache.Options{TTL: ttl.Fixed(ttlOfAll)})
		a := newUsers(t, b, &cache.Options{TTL: ttl.Active(ttlOfAll)})
		for _, u := range []users{f, a} {
			u.set(1, ann)
			u.set(2, ann, cache.WithTTL(hour))
		}
		b.Advance(100 * time.Millisecond)
		_, _ = f.Get(ctx(t), 1) // a read does not keep a fixed record alive
		b.Advance(201 * time.Millisecond)
		for _, u := range []users{f, a} {
			_, err := u.Get(ctx(t), 1)
			wantErr(t, err, cache.ErrNotFound, "Get", "1")
			wantErr(t, u.Update(ctx(t), 1, bob), cache.ErrNotFound, "Update", "1")
			wantErr(t, u.UpdateField(ctx(t), 1, "age", 1), cache.ErrNotFound, "UpdateField", "1")
			wantErr(t, u.Touch(ctx(t), 1), cache.ErrNotFound, "Touch", "1")
			_, err = u.Inspect(ctx(t), 1)
			wantErr(t, err, cache.ErrNotFound, "Inspect", "1")
			got, err := u.Get(ctx(t), 2)
			wantUser(t, got, err, ann)
		}
	})
}

// Records in use live far beyond their TTL.
func TestActiveLivesAsLongAsItIsUsed(t *testing.T) {
	const life = 2 * time.Second
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		u := newUsers(t, b, &cache.Options{TTL: ttl.Active(life)})
		// use writes two records and reads them five times. If a read fails, it returns the error
		// and the time since the last use.
		use := func() (idle time.Duration, err error) {
			used := time.Now()
			u.set(1, ann)
			u.set(2, ann, cache.WithTTL(2*life))
			for range 5 {
				b.Advance(life / 4)
				now := time.Now()
				_, err := u.Get(ctx(t), 1)
				_, err2 := u.Get(ctx(t), 2)
				if err := errors.Join(err, err2); err != nil {
					return time.Since(used), err
				}
				used = now
			}
			return 0, nil
		}
		idle, err := use()
		for try := 1; err != nil && idle > life/2 && try < 10; try++ { // this machine is too slow
			idle, err = use()
		}
		if err != nil {
			t.Errorf("%v after the last use: %v", idle, err)
		}
	})
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		const maxAge = 600 * time.Millisecond
		u := newUsers(t, b,
			&cache.Options{TTL: ttl.Active(500*time.Millisecond, ttl.MaxAge(maxAge))})
		before := b.Now()
		u.set(1, ann)
		u.set(2, ann, cache.WithTTL(hour)) // expires at the same age
		after := b.Now()
		for alive := true; alive; {
			begun := b.Now()
			_, err := u.Get(ctx(t), 1)
			_, err2 := u.Get(ctx(t), 2)
			ended := b.Now()
			switch {
			case (err != nil || err2 != nil) && ended.Sub(before) < maxAge:
				t.Fatalf("at an age of less than %v, Get = %v and %v", ended.Sub(before), err, err2)
			case (err == nil || err2 == nil) && begun.Sub(after) > maxAge:
				t.Fatalf("at an age of more than %v, Get = %v and %v", begun.Sub(after), err, err2)
			}
			alive = err == nil || err2 == nil
			_ = u.Update(ctx(t), 1, bob)
			b.Advance(50 * time.Millisecond)
		}
		// Set starts a new life.
		setAgain := b.Now()
		u.set(1, ann)
		if info, err := u.Inspect(ctx(t), 1); err != nil ||
			info.Deadline.Before(setAgain.Add(maxAge).Truncate(time.Millisecond)) {
			t.Errorf("after a new Set: %+v, %v", info, err)
		}
	})
}

// Near its deadline, a record gets only the time until the deadline, and its idle time is unknown.
func TestNearDeadline(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active(ttl.MaxAge(2*hour)))
		deadline := b.Now().Add(10 * time.Minute)
		if err := b.Client.RPush(ctx(t), u.redisKey(1), `{"name":"Ann"}`, 0,
			deadline.UnixMilli()).Err(); err != nil {
			t.Fatal(err)
		}
		u.age(1, time.Minute)
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, User{Name: "Ann"})
		u.wantLeft(1, 10*time.Minute)
		if info, err := u.Inspect(ctx(t), 1); err != nil || info.TTL != hour || info.Idle != -1 ||
			!info.Deadline.Equal(deadline.Truncate(time.Millisecond)) {
			t.Errorf("near its deadline: %+v, %v, want deadline %v", info, err, deadline)
		}

		// Past its deadline, a record counts as missing, even if Redis still holds it.
		past := b.Now().Add(-time.Second).UnixMilli()
		for _, access := range []func() error{
			func() error { _, err := u.Get(ctx(t), 2); return err },
			func() error { return u.Update(ctx(t), 2, ann) },
			func() error { return u.Touch(ctx(t), 2) },
			func() error { return u.UpdateField(ctx(t), 2, "age", 1) },
		} {
			if err := b.Client.RPush(ctx(t), u.redisKey(2), `{"name":"Ann"}`, 0,
				past).Err(); err != nil {
				t.Fatal(err)
			}
			u.age(2, time.Minute)
			if err := access(); err == nil {
				t.Error("an access renewed a record past its deadline")
			}
			if n := b.Client.Exists(ctx(t), u.redisKey(2)).Val(); n != 0 {
				t.Error("an access left a record past its deadline")
			}
		}
	})
}

func TestJitter(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, fixed(ttl.Jitter(0.5)))
		records := anns(100)
		if err := u.SetMany(ctx(t), records); err != nil {
			t.Fatal(err)
		}
		early := 0
		for id := range records {
			left := u.left(id)
			if left > hour || left < 29*time.Minute {
				t.Errorf("record %d lives %v, want 30 minutes to an hour", id, left)
			}
			if left < 45*time.Minute {
				early++
			}
		}
		if early < 20 || early > 80 { // 50 are expected; 20 is six standard deviations away
			t.Errorf("%d of 100 records expire within 45 minutes", early)
		}
		u.set(1, ann, cache.WithTTL(2*hour)) // its own TTL is kept exactly
		u.wantLeft(1, 2*hour)
	})
}

// Two deployments of a service read each other's records. Each applies its own policy from the next
// access on.
func TestPolicySwitch(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		longer := &cache.Options{TTL: ttl.Active(5 * hour)}
		all := []*cache.Options{active(), fixed(), longer, active(ttl.MaxAge(24 * hour)),
			{TTL: ttl.Fixed(10 * time.Minute)}}
		for i, from := range all {
			for j, to := range all {
				before, after := usersNamed(t, b, name, from), usersNamed(t, b, name, to)
				before.set(1, ann)
				before.set(2, ann, cache.WithTTL(2*hour))
				left := before.left(1)
				for id := range int64(2) {
					got, err := after.Get(ctx(t), id+1)
					wantUser(t, got, err, ann)
					if err := after.Update(ctx(t), id+1, bob); err != nil {
						t.Errorf("from %v to %v: Update: %v", from.TTL, to.TTL, err)
					}
					got, err = after.Peek(ctx(t), id+1)
					wantUser(t, got, err, bob)
				}
				if terms := to.TTL.Terms(); terms.Renews {
					left = terms.TTL
				}
				if got := after.left(1); got > left || got < left-time.Minute {
					t.Errorf("from %v to %v (%d, %d): %v left, want %v", from.TTL, to.TTL, i, j,
						got, left)
				}
			}
		}
	})
}

// Another process wrote the first record with its own terms that a cache meets.
func TestMeetsOwnTerms(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		writer := newUsers(t, b, active())
		writer.set(1, ann, cache.WithTTL(3*hour))
		for name, read := range map[string]func(u users) (User, error){
			"Get":  func(u users) (User, error) { return u.Get(ctx(t), 1) },
			"Peek": func(u users) (User, error) { return u.Peek(ctx(t), 1) },
			"GetMany": func(u users) (User, error) {
				m, err := u.GetMany(ctx(t), []int64{1})
				return m[1], err
			},
			"All": func(u users) (User, error) {
				for r, err := range u.All(ctx(t)) {
					return r.Value, err
				}
				return User{}, cache.ErrNotFound
			},
			"Modify": func(u users) (User, error) {
				return u.Modify(ctx(t), 1, func(v User) (User, error) { return v, nil })
			},
		} {
			t.Run(name, func(t *testing.T) {
				reader := usersNamed(t, b, writer.Name(), active()) // has met no such record yet
				for range 2 {
					writer.set(1, ann, cache.WithTTL(3*hour))
					got, err := read(reader)
					wantUser(t, got, err, ann)
					reader.wantLeft(1, 3*hour)
				}
			})
		}
	})
}

// A shorter policy applies from the next access on.
func TestTouchShortens(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		before := newUsers(t, b, &cache.Options{TTL: ttl.Fixed(3 * hour)})
		before.set(1, ann)
		u := usersNamed(t, b, before.Name(), active())
		if info, err := u.Inspect(ctx(t), 1); err != nil || info.Idle != 0 {
			t.Errorf("a record with more than its TTL left: %+v, %v", info, err)
		}
		must(t, u.Touch(ctx(t), 1))
		u.wantLeft(1, hour)
	})
}

// A server without memory refuses every write, and the record stays unchanged.
func TestOutOfMemory(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t)
	for _, p := range policies {
		u := users{mustNew[int64](t, rdb, redistest.UniqueName(t), jsonUsers, p.o), t, rdb}
		u.set(1, ann)
		u.set(2, ann, cache.WithTTL(2*hour))
		must(t, rdb.ConfigSet(ctx(t), "maxmemory", "1").Err())
		for id := range int64(2) {
			id++
			for name, err := range map[string]error{
				"Set":         u.Set(ctx(t), id, bob),
				"Set own":     u.Set(ctx(t), id, bob, cache.WithTTL(hour)),
				"SetMany own": u.SetMany(ctx(t), map[int64]User{id: bob}, cache.WithTTL(hour)),
				"Update":      u.Update(ctx(t), id, bob),
				"UpdateField": u.UpdateField(ctx(t), id, "age", 1),
			} {
				if err == nil || !strings.Contains(err.Error(), "OOM") {
					t.Errorf("%s, %s of record %d without memory: %v", p.name, name, id, err)
				}
			}
			if got, err := u.Peek(ctx(t), id); got.Name != ann.Name || err != nil {
				t.Errorf("%s: record %d is %v, %v", p.name, id, got, err)
			}
		}
		must(t, rdb.ConfigSet(ctx(t), "maxmemory", "0").Err())
	}
}
