package cache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// creations are the operations that create a record.
var creations = map[string]func(u users, id int64, opts ...cache.SetOption) error{
	"Add": func(u users, id int64, opts ...cache.SetOption) error {
		return u.Add(ctx(u.t), id, ann, opts...)
	},
	"Upsert": func(u users, id int64, opts ...cache.SetOption) error {
		_, err := u.Upsert(ctx(u.t), id, func(User, bool) (User, error) {
			return ann, nil
		}, opts...)
		return err
	},
}

// A created record gets the TTL and the deadline that Set would give it.
func TestCreatedTerms(t *testing.T) {
	t.Parallel()
	own := []cache.SetOption{cache.WithTTL(20 * time.Minute)}
	long := []cache.SetOption{cache.WithTTL(3 * hour)}
	aged := active(ttl.MaxAge(2 * hour))
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for op, create := range creations {
			for _, tt := range []struct {
				name     string
				o        *cache.Options
				opts     []cache.SetOption
				left     time.Duration // at first
				again    time.Duration // after a Get with 10 minutes left
				deadline time.Duration // 0 for none
			}{
				{"active", active(), nil, hour, hour, 0},
				{"active, own", active(), own, 20 * time.Minute, 20 * time.Minute, 0},
				{"active, own and longer", active(), long, 3 * hour, 3 * hour, 0},
				{"tolerance, own", active(ttl.Tolerance(time.Minute)), own, 20 * time.Minute,
					20 * time.Minute, 0},
				{"max age", aged, nil, hour, hour, 2 * hour},
				{"max age, own", aged, own, 20 * time.Minute, 20 * time.Minute, 2 * hour},
				{"max age, own and longer", aged, long, 2 * hour, 2 * hour, 2 * hour},
				{"fixed", fixed(), nil, hour, 10 * time.Minute, 0},
				{"fixed, own", fixed(), own, 20 * time.Minute, 10 * time.Minute, 0},
				{"fixed, own and longer", fixed(), long, 3 * hour, 10 * time.Minute, 0},
			} {
				t.Run(op+"/"+tt.name, func(t *testing.T) {
					u := newUsers(t, b, tt.o)
					before := b.Now().Truncate(time.Millisecond)
					must(t, create(u, 1, tt.opts...))
					after := b.Now()
					u.wantLeft(1, tt.left)
					info, err := u.Inspect(ctx(t), 1)
					must(t, err)
					if d := info.Deadline; tt.deadline == 0 && !d.IsZero() || tt.deadline > 0 &&
						(d.Before(before.Add(tt.deadline)) || d.After(after.Add(tt.deadline))) {
						t.Errorf("created from %v to %v with a deadline of %v", before, after, d)
					}
					u.age(1, 10*time.Minute)
					got, err := u.Get(ctx(t), 1)
					wantUser(t, got, err, ann)
					u.wantLeft(1, tt.again)

					// An existing record keeps its terms, whatever options Upsert gets.
					if op == "Upsert" {
						must(t, create(u, 1, cache.WithTTL(7*hour)))
						u.wantLeft(1, tt.again)
						if now, err := u.Inspect(ctx(t), 1); now.Deadline != info.Deadline ||
							err != nil {
							t.Errorf("a second Upsert moved the deadline by %v, %v",
								now.Deadline.Sub(info.Deadline), err)
						}
					}
				})
			}
		}
	})
}

// Leases and markers are no records: a created record replaces them. Other hashes stay.
func TestCreateOverHash(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		hash := func(id int64, ttl time.Duration, fields ...any) {
			t.Helper()
			must(t, b.Client.Unlink(ctx(t), u.redisKey(id)).Err())
			must(t, b.Client.HSet(ctx(t), u.redisKey(id), fields...).Err())
			if ttl > 0 {
				must(t, b.Client.PExpire(ctx(t), u.redisKey(id), ttl).Err())
			}
			u.heard()
		}
		for op, create := range creations {
			for _, fields := range [][]any{{"t", token}, {"n", "1"}} {
				for opt, left := range map[time.Duration]time.Duration{0: hour,
					2 * hour: 2 * hour} {
					hash(1, 30*time.Second, fields...)
					_, err := u.Peek(ctx(t), 1)
					wantErr(t, err, cache.ErrNotFound, "Peek", "1")
					if opt > 0 {
						must(t, create(u, 1, cache.WithTTL(opt)))
					} else {
						must(t, create(u, 1))
					}
					got, err := u.Peek(ctx(t), 1)
					wantUser(t, got, err, ann)
					u.wantLeft(1, left)
				}
			}
			b.Exempt(u.redisKey(2))
			for _, foreign := range [][]any{
				{"t", token, "n", "1"}, {"t", token[1:]}, {"t", "x" + token[1:]}, {"owner", "1"},
			} {
				hash(2, hour, foreign...)
				before := b.Client.HGetAll(ctx(t), u.redisKey(2)).Val()
				wantErr(t, create(u, 2), cache.ErrWrongType, op, "2")
				after := b.Client.HGetAll(ctx(t), u.redisKey(2)).Val()
				if fmt.Sprint(before) != fmt.Sprint(after) {
					t.Errorf("%s made %v of %v", op, after, before)
				}
			}
			if op == "Add" || b.Mini == nil { // miniredis sets the TTL before it refuses the type
				hash(2, 0, "n", "1") // another program's: it has no TTL
				wantErr(t, create(u, 2), cache.ErrWrongType, op, "2")
			}
			must(t, b.Client.Unlink(ctx(t), u.redisKey(2)).Err())
			must(t, b.Client.SAdd(ctx(t), u.redisKey(2), "a").Err())
			wantErr(t, create(u, 2), cache.ErrWrongType, op, "2")
			if n := b.Client.SCard(ctx(t), u.redisKey(2)).Val(); n != 1 {
				t.Errorf("%s left %d elements of a set", op, n)
			}
		}
	})
}
