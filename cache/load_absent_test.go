package cache_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func remembering(policy ttl.Policy) *cache.Options {
	return &cache.Options{TTL: policy, Load: cache.LoadConfig{Absent: 10 * time.Minute}}
}

// A known absence holds in this process and in others, until the record is written or deleted, or
// Absent has passed.
func TestAbsentIsRemembered(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, p := range policies {
			t.Run(p.name, func(t *testing.T) {
				o := *p.o
				o.Load.Absent = 10 * time.Minute
				u := newUsers(t, b, &o)
				other := usersNamed(t, b, u.Name(), &o)
				s := newSource(map[int64]User{})
				for _, in := range []users{u, u, other, other} {
					_, err := in.GetOrLoad(ctx(t), 1, s.user)
					wantErr(t, err, cache.ErrNotFound, "GetOrLoad", "1")
					got, err := in.GetOrLoadMany(ctx(t), []int64{1}, s.users)
					if len(got) != 0 || err != nil {
						t.Errorf("GetOrLoadMany gives %v, %v", got, err)
					}
				}
				s.wantLoads(t, 1)
				s.put(1, ann)
				for _, in := range []users{u, other} {
					_, err := in.GetOrLoad(ctx(t), 1, s.user)
					if !errors.Is(err, cache.ErrNotFound) {
						t.Errorf("GetOrLoad after an insert without a write to the cache: %v", err)
					}
				}
				must(t, u.Delete(ctx(t), 1))
				got, err := other.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
				got, err = u.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
				s.wantLoads(t, 2)
			})
		}
	})
}

// A marker is a plain miss, except to the GetOrLoad family. No read renews it.
func TestMarkerIsInvisible(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, p := range policies {
			t.Run(p.name, func(t *testing.T) {
				o := *p.o
				o.Load.Absent = 10 * time.Minute
				u := newUsers(t, b, &o)
				s := newSource(nil)
				for id := range int64(3) {
					_, _ = u.GetOrLoad(ctx(t), id, s.user)
				}
				_, _ = u.GetOrLoadMany(ctx(t), []int64{3, 4}, s.users)
				u.age(1, 5*time.Minute)
				for op, read := range map[string]func() error{
					"Get":     func() error { _, err := u.Get(ctx(t), 1); return err },
					"Peek":    func() error { _, err := u.Peek(ctx(t), 1); return err },
					"Inspect": func() error { _, err := u.Inspect(ctx(t), 1); return err },
				} {
					wantErr(t, read(), cache.ErrNotFound, op, "1")
				}
				got, err := u.GetMany(ctx(t), []int64{0, 1, 2, 3, 4})
				if len(got) != 0 || err != nil {
					t.Errorf("GetMany gives %v, %v", got, err)
				}
				for _, err := range u.All(ctx(t)) {
					t.Errorf("All gives a record, %v", err)
				}
				for _, err := range u.Keys(ctx(t)) {
					t.Errorf("Keys gives a key, %v", err)
				}
				if n, err := u.Len(ctx(t)); n != 0 || err != nil {
					t.Errorf("Len is %d, %v", n, err)
				}
				_, _ = u.GetOrLoad(ctx(t), 1, s.user)
				if left := u.left(1); left > 5*time.Minute && !givesHashesTTLs(b) || left <= 0 {
					t.Errorf("the marker has %v left, and was renewed", left)
				}
				s.wantLoads(t, 4)
			})
		}
	})
}

// Every write of a record replaces a marker.
func TestWritesReplaceMarkers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for op, write := range map[string]func(u users) error{
			"Set": changes["Set"], "SetMany": changes["SetMany"], "Add": changes["Add"],
			"Upsert": changes["Upsert"],
			"Reload": func(u users) error {
				_, err := u.Reload(ctx(u.t), 1, newSource(map[int64]User{1: bob}).user)
				return err
			},
		} {
			t.Run(op, func(t *testing.T) {
				u := newUsers(t, b, remembering(ttl.Active(hour)))
				s := newSource(nil)
				_, _ = u.GetOrLoad(ctx(t), 1, s.user)
				must(t, write(u))
				got, err := u.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, bob)
				u.wantLeft(1, hour)
			})
		}
	})
}

// When Absent has passed, the loader is called again.
func TestMarkerExpires(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		o := remembering(ttl.Fixed(hour))
		o.Load.Absent = 50 * time.Millisecond
		u := newUsers(t, b, o)
		s := newSource(map[int64]User{})
		if _, err := u.GetOrLoad(ctx(t), 1, s.user); !errors.Is(err, cache.ErrNotFound) {
			t.Fatal(err)
		}
		s.put(1, ann)
		b.Advance(60 * time.Millisecond)
		soon(t, "the record", func() bool {
			got, err := u.GetOrLoad(ctx(t), 1, s.user)
			return err == nil && got.Name == "Ann"
		})
		s.wantLoads(t, 2)
	})
}

// What a known absence and each kind of load cost.
func TestCommandsOfLoads(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		warmLoads(t, b, remembering(ttl.Fixed(hour)))
		wire := redistest.Wire(t, b.Client)
		one := func(u users, s *source) error {
			_, err := u.GetOrLoad(ctx(t), 1, s.user)
			return err
		}
		negative := &cache.Options{TTL: ttl.Fixed(hour), Load: cache.LoadConfig{Lease: -1}}
		for _, tt := range []struct {
			name   string
			o      *cache.Options
			before func(u, other users, s *source)
			do     func(u users, s *source) error
			want   map[string]int
			trips  int
		}{
			{"hit, fixed", fixed(), func(u, _ users, _ *source) { u.set(1, ann) }, one,
				map[string]int{"get": 1}, 1},
			{"hit, active", active(), func(u, _ users, _ *source) { u.set(1, ann) }, one,
				map[string]int{"getex": 1}, 1},
			{"hit, not due", fixed(ttl.Refresh(time.Minute)),
				func(u, _ users, _ *source) { u.set(1, ann) }, one, map[string]int{"get": 1}, 1},
			{"hit, unknown whether due", fixed(ttl.Refresh(time.Minute)),
				func(_, other users, _ *source) { other.set(1, ann) }, one,
				map[string]int{"evalsha": 1}, 1},
			{"miss, fixed", fixed(), nil, one, map[string]int{"get": 1, "evalsha": 2}, 3},
			{"miss, active", active(), nil, one, map[string]int{"getex": 1, "evalsha": 2}, 3},
			{"miss without a lease", negative, nil, one, map[string]int{"get": 1, "set": 1}, 2},
			{"absent", remembering(ttl.Fixed(hour)),
				func(_, other users, s *source) { s.remove(1); _ = one(other, s) }, one,
				map[string]int{"get": 1, "evalsha": 1}, 2},
			{"absent, known", remembering(ttl.Fixed(hour)),
				func(u, other users, s *source) { s.remove(1); _ = one(other, s); _ = one(u, s) },
				one, map[string]int{"evalsha": 1}, 1},
			{"Get of a marker", remembering(ttl.Fixed(hour)),
				func(u, _ users, s *source) { s.remove(1); _ = one(u, s) },
				func(u users, _ *source) error { _, err := u.Get(ctx(t), 1); return err },
				map[string]int{"get": 1, "evalsha": 1}, 2},
			{"Reload", fixed(), func(u, _ users, _ *source) { u.set(1, ann) },
				func(u users, s *source) error {
					_, err := u.Reload(ctx(t), 1, s.user)
					return err
				},
				map[string]int{"evalsha": 2}, 2},
		} {
			t.Run(tt.name, func(t *testing.T) {
				u := newUsers(t, b, tt.o)
				other := usersNamed(t, b, u.Name(), tt.o)
				s := newSource(map[int64]User{1: ann})
				if tt.before != nil {
					tt.before(u, other, s)
				}
				wire.Reset()
				if err := tt.do(u, s); err != nil && !errors.Is(err, cache.ErrNotFound) {
					t.Error(err)
				}
				if got, n := wire.Commands(), wire.RoundTrips(); !maps.Equal(got, tt.want) ||
					n != tt.trips {
					t.Errorf("sends %v in %d round trips, want %v in %d", got, n, tt.want, tt.trips)
				}
			})
		}
	})
}
