package cache_test

import (
	"errors"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// tolerant is a policy of one hour that renews a record at most once in ten minutes.
func tolerant(opts ...ttl.Option) *cache.Options {
	return active(append(opts, ttl.Tolerance(10*time.Minute))...)
}

// An access renews a record when its tolerance has passed since the last renewal, and not before.
func TestToleranceOfAccesses(t *testing.T) {
	accesses := map[string]func(u users) error{
		"Get":     func(u users) error { _, err := u.Get(ctx(u.t), 1); return err },
		"GetMany": func(u users) error { _, err := u.GetMany(ctx(u.t), []int64{1}); return err },
		"Touch":   func(u users) error { return u.Touch(ctx(u.t), 1) },
	}
	records := map[string]struct {
		o            *cache.Options
		own          []cache.SetOption
		ttl          time.Duration
		tolerance    time.Duration
		neverRenewed bool
	}{
		"policy": {o: tolerant(), ttl: hour, tolerance: 10 * time.Minute},
		"max age": {o: tolerant(ttl.MaxAge(24 * hour)), ttl: hour,
			tolerance: 10 * time.Minute},
		"longer own TTL": {o: tolerant(), own: []cache.SetOption{cache.WithTTL(3 * hour)},
			ttl: 3 * hour, tolerance: 10 * time.Minute},
		"shorter own TTL": {o: tolerant(), own: []cache.SetOption{cache.WithTTL(hour / 2)},
			ttl: hour / 2, tolerance: 5 * time.Minute},
		"at its deadline": {o: tolerant(ttl.MaxAge(hour)), ttl: hour, tolerance: 10 * time.Minute,
			neverRenewed: true},
		"own, at deadline": {o: tolerant(ttl.MaxAge(hour)),
			own: []cache.SetOption{cache.WithTTL(2 * hour)}, ttl: hour, neverRenewed: true},
	}
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for what, rec := range records {
			for name, access := range accesses {
				t.Run(name+" of "+what, func(t *testing.T) {
					u := newUsers(t, b, rec.o)
					// Another process, which did not write the record.
					other := usersNamed(t, b, u.Name(), rec.o)
					u.set(1, ann, rec.own...)
					for _, c := range []users{u, other} {
						must(t, access(c))
						c.wantLeft(1, rec.ttl)
					}
					// The record is older in Redis than u knows. u still trusts what it knows.
					fresh := rec.ttl - rec.tolerance + time.Minute
					if rec.neverRenewed {
						return
					}
					for _, c := range []users{u, other} {
						must(t, b.Client.PExpire(ctx(t), u.redisKey(1), fresh).Err())
						must(t, access(c))
						c.wantLeft(1, fresh)
					}
					u.age(1, fresh)
					third := usersNamed(t, b, u.Name(), rec.o)
					must(t, access(third))
					third.wantLeft(1, fresh)
					for _, c := range []users{u, usersNamed(t, b, u.Name(), rec.o)} {
						u.age(1, rec.ttl-rec.tolerance-time.Second)
						must(t, access(c))
						c.wantLeft(1, rec.ttl)
					}
				})
			}
		}
	})
}

// A record whose TTL ends at its deadline is not renewed at every access.
func TestToleranceAtTheDeadline(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		if b.Mini != nil {
			t.Skip("miniredis does not count what a script calls")
		}
		o := active(ttl.MaxAge(hour), ttl.Tolerance(10*time.Millisecond))
		u := newUsers(t, b, o)
		u.set(1, ann)
		b.Advance(50 * time.Millisecond)
		got := redistest.Commands(t, b.Client, func() {
			_, err := u.Get(ctx(t), 1)
			must(t, err)
			must(t, u.Touch(ctx(t), 1))
		})
		if got["pexpire"] != 0 || got["evalsha"]+got["eval"] < 2 {
			t.Errorf("commands: %v, want two scripts and no PEXPIRE", got)
		}
	})
}

// A process that knows a record's last renewal reads without the script until the tolerance has
// passed.
func TestToleranceOnTheWire(t *testing.T) {
	ids := []int64{1, 2, 3}
	kinds := map[string]struct {
		o    *cache.Options
		own  []cache.SetOption
		read string
	}{
		"policy":  {tolerant(), nil, "get"},
		"own TTL": {tolerant(), []cache.SetOption{cache.WithTTL(2 * hour)}, "lrange"},
		"max age": {tolerant(ttl.MaxAge(24 * hour)), nil, "lrange"},
	}
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, kind := range kinds {
			t.Run(name, func(t *testing.T) {
				u := newUsers(t, b, kind.o)
				for _, id := range ids { // so that every node knows the script
					u.set(id, ann, kind.own...)
					_, _ = usersNamed(t, b, u.Name(), kind.o).Get(ctx(t), id)
				}
				wire := redistest.Wire(t, b.Client)
				expect := func(c users, command string, n int, do func(users) error) {
					t.Helper()
					wire.Reset()
					must(t, do(c))
					if got := wire.Commands(); got[command] != n || len(got) != 1 {
						t.Errorf("sent %v, want %d %s", got, n, command)
					}
				}
				get := func(c users) error {
					got, err := c.Get(ctx(t), 1)
					wantUser(t, got, err, ann)
					return err
				}
				many := func(c users) error {
					got, err := c.GetMany(ctx(t), ids)
					if len(got) != len(ids) || got[2].Name != ann.Name {
						t.Errorf("GetMany gives %v, %v", got, err)
					}
					return err
				}
				expect(u, kind.read, 1, get) // it wrote the record
				expect(u, kind.read, 3, many)
				other := usersNamed(t, b, u.Name(), kind.o)
				expect(other, "evalsha", 1, get)
				expect(other, kind.read, 1, get)
				third := usersNamed(t, b, u.Name(), kind.o)
				expect(third, "evalsha", 3, many)
				expect(third, kind.read, 3, many)
				must(t, u.SetMany(ctx(t), anns(4), kind.own...))
				expect(u, kind.read, 3, many)
				u.age(1, hour/2)
				expect(u, "evalsha", 1, get)
				expect(u, kind.read, 1, get)
			})
		}
	})
}

// If another process changes a record's terms, reads renew it by the new terms.
func TestToleranceWhenTermsChange(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, tolerant())
		other := usersNamed(t, b, u.Name(), tolerant())
		short := 6 * time.Minute // its tolerance is one minute
		steps := []struct {
			name string
			own  []cache.SetOption
			ttl  time.Duration
		}{
			{"own TTL", []cache.SetOption{cache.WithTTL(2 * hour)}, 2 * hour},
			{"shorter own TTL", []cache.SetOption{cache.WithTTL(short)}, short},
			{"policy", nil, hour},
			{"short again", []cache.SetOption{cache.WithTTL(short)}, short},
		}
		u.set(1, ann)
		for _, read := range []func() error{
			func() error { _, err := u.Get(ctx(t), 1); return err },
			func() error { _, err := u.GetMany(ctx(t), []int64{1}); return err },
		} {
			for _, s := range steps {
				other.set(1, bob, s.own...)
				must(t, b.Client.PExpire(ctx(t), u.redisKey(1), s.ttl/2).Err())
				must(t, read())
				// A list holds its TTL, so the read has renewed it. A string may keep half an hour.
				if s.own == nil {
					must(t, b.Client.PExpire(ctx(t), u.redisKey(1), s.ttl).Err())
				}
				u.wantLeft(1, s.ttl)
			}
		}
	})
}

// A record with a longer TTL than the policy's, or without a TTL, gets the policy's TTL.
func TestToleranceOfALongerTTL(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, tolerant())
		for name, access := range map[string]func() error{
			"Get":     func() error { _, err := u.Get(ctx(t), 1); return err },
			"GetMany": func() error { _, err := u.GetMany(ctx(t), []int64{1}); return err },
			"Touch":   func() error { return u.Touch(ctx(t), 1) },
		} {
			for _, left := range []time.Duration{hour + time.Minute, 3 * hour, 0} {
				// A cache that has not met the record.
				u.Cache = usersNamed(t, b, u.Name(), tolerant()).Cache
				must(t, b.Client.Set(ctx(t), u.redisKey(1), `{"name":"Ann"}`, left).Err())
				if err := access(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				u.wantLeft(1, hour)
			}
		}
	})
}

// Under a tolerance, writes always renew, because they write anyway. A Delete is seen at once.
func TestToleranceOfWrites(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, tolerant())
		for name, write := range map[string]func() error{
			"Set":         func() error { return u.Set(ctx(t), 1, ann) },
			"Update":      func() error { return u.Update(ctx(t), 1, ann) },
			"UpdateField": func() error { return u.UpdateField(ctx(t), 1, "age", 7) },
		} {
			u.set(1, ann)
			must(t, b.Client.PExpire(ctx(t), u.redisKey(1), hour-time.Minute-time.Second).Err())
			must(t, write())
			if left := u.left(1); left < hour-time.Minute {
				t.Errorf("%s leaves %v", name, left)
			}
		}
		must(t, u.Delete(ctx(t), 1))
		if _, err := u.Get(ctx(t), 1); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("after Delete: %v", err)
		}
	})
}
