package cache_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// A record may be a list that a later version has made longer. Elements after the third stay when
// the value changes, and are removed when Set writes the record.
func TestListsThatGrow(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		for _, more := range [][]any{{"new"}, {"a", "", "b", "1", "2", "3", "4"}} {
			put := func() {
				t.Helper()
				must(t, b.Client.Del(ctx(t), u.redisKey(1)).Err())
				list := append([]any{`{"name":"Ann"}`, (2 * hour).Milliseconds(), 0}, more...)
				must(t, b.Client.RPush(ctx(t), u.redisKey(1), list...).Err())
				must(t, b.Client.PExpire(ctx(t), u.redisKey(1), 2*hour).Err())
				u.heard()
			}
			rest := func() []string { return b.Client.LRange(ctx(t), u.redisKey(1), 3, -1).Val() }
			want := make([]string, len(more))
			for i := range more {
				want[i] = more[i].(string)
			}
			put()
			for range 2 {
				got, err := u.Get(ctx(t), 1)
				wantUser(t, got, err, User{Name: "Ann"})
				many, err := u.GetMany(ctx(t), []int64{1})
				wantUser(t, many[1], err, User{Name: "Ann"})
			}
			if all, failed := collect(ctx(t), u.Cache); len(all) != 1 || len(failed) != 0 {
				t.Errorf("All gives %v, %v", all, failed)
			}
			if n, err := u.Len(ctx(t)); n != 1 || err != nil {
				t.Errorf("Len = %d, %v", n, err)
			}
			must(t, u.Touch(ctx(t), 1))
			must(t, u.Update(ctx(t), 1, bob))
			must(t, u.UpdateField(ctx(t), 1, "age", 7))
			if _, err := u.Inspect(ctx(t), 1); err != nil {
				t.Error(err)
			}
			if got := rest(); !slices.Equal(got, want) {
				t.Errorf("after updates, %q follows the record, want %q", got, want)
			}
			must(t, u.Set(ctx(t), 1, ann, cache.WithTTL(hour)))
			if got := rest(); len(got) != 0 {
				t.Errorf("after Set, %q follows the record", got)
			}
			put()
			if n, err := u.Clear(ctx(t)); n != 1 || err != nil {
				t.Errorf("Clear = %d, %v", n, err)
			}
		}
	})
}

// Leases and markers of loads are a miss for every reader, and keep their TTL. Walks skip them, and
// every write voids them.
func TestLeasesAndMarkers(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		key := u.redisKey(1)
		fields := []string{"t", "n"}
		if testing.Short() {
			fields = fields[:1]
		}
		for _, field := range fields {
			put := func() {
				must(t, b.Client.Del(ctx(t), key).Err())
				must(t, b.Client.HSet(ctx(t), key, field, "0123456789abcdef").Err())
				must(t, b.Client.PExpire(ctx(t), key, 10*time.Second).Err())
				u.heard()
			}
			put()
			for range 2 {
				for op, err := range map[string]error{
					"Get":     errOf(u.Get(ctx(t), 1)),
					"Peek":    errOf(u.Peek(ctx(t), 1)),
					"Inspect": errOf(u.Inspect(ctx(t), 1)),
				} {
					wantErr(t, err, cache.ErrNotFound, op, "1")
				}
				if got, err := u.GetMany(ctx(t), []int64{1}); len(got) != 0 || err != nil {
					t.Errorf("GetMany = %v, %v", got, err)
				}
				if all, failed := collect(ctx(t), u.Cache); len(all)+len(failed) != 0 {
					t.Errorf("All gives %v, %v", all, failed)
				}
				if n, err := u.Len(ctx(t)); n != 0 || err != nil {
					t.Errorf("Len = %d, %v", n, err)
				}
			}
			// GETEX of miniredis sets the TTL before it refuses the type.
			if left := u.left(1); b.Mini == nil && (left <= 0 || left > 10*time.Second) {
				t.Errorf("after reads, the hash %s has %v left", field, left)
			}
			for op, write := range map[string]func() error{
				"Update":      func() error { return u.Update(ctx(t), 1, ann) },
				"UpdateField": func() error { return u.UpdateField(ctx(t), 1, "age", 1) },
				"Modify": func() error {
					return errOf(u.Modify(ctx(t), 1, func(v User) (User, error) { return v, nil }))
				},
				"Touch":  func() error { return u.Touch(ctx(t), 1) },
				"Delete": func() error { return u.Delete(ctx(t), 1) },
				"Clear":  func() error { return errOf(u.Clear(ctx(t))) },
			} {
				put()
				err := write()
				switch op {
				case "Delete", "Clear":
					must(t, err)
				default:
					wantErr(t, err, cache.ErrNotFound, op, "1")
				}
				if n := b.Client.Exists(ctx(t), key).Val(); n != 0 {
					t.Errorf("%s leaves the hash %s", op, field)
				}
			}
			put()
			must(t, u.Set(ctx(t), 1, ann))
			got, err := u.Get(ctx(t), 1)
			wantUser(t, got, err, ann)
		}
	})
}

func errOf[T any](_ T, err error) error { return err }

// An undecodable record expires even if it is read often. When it can be decoded again, reads renew
// it again.
func TestUndecodableExpires(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, o := range []*cache.Options{active(), active(ttl.MaxAge(24 * hour)), tolerant()} {
			for _, own := range [][]cache.SetOption{nil, {cache.WithTTL(hour)}} {
				u := newUsers(t, b, o)
				other := mustNew[int64](t, b.Client, u.Name(), codec.String{}, o)
				must(t, other.Set(ctx(t), 1, "no JSON", own...))
				recent.Skip(hour)
				must(t, b.Client.PExpire(ctx(t), u.redisKey(1), hour/2).Err())
				for range 3 { // the first read renews: the process does not know yet
					_, err := u.Get(ctx(t), 1)
					wantErr(t, err, cache.ErrDecode, "Get", "1")
				}
				u.wantLeft(1, hour)
				for range 3 {
					recent.Skip(hour)
					must(t, b.Client.PExpire(ctx(t), u.redisKey(1), hour/2).Err())
					_, err := u.Get(ctx(t), 1)
					wantErr(t, err, cache.ErrDecode, "Get", "1")
					_, err = u.GetMany(ctx(t), []int64{1})
					wantErr(t, err, cache.ErrDecode, "GetMany", "1")
					u.wantLeft(1, hour/2)
				}
				mustSet := usersNamed(t, b, u.Name(), o) // another process
				mustSet.set(1, ann, own...)
				for range 2 {
					recent.Skip(hour)
					must(t, b.Client.PExpire(ctx(t), u.redisKey(1), hour/2).Err())
					got, err := u.Get(ctx(t), 1)
					wantUser(t, got, err, ann)
					u.wantLeft(1, hour)
				}
			}
		}
	})
}

// A process learns from Redis' replies whether there are records with their own terms. It does not
// learn this from a refused write, and it forgets it when it meets no more of them.
func TestLearnsFromAnswers(t *testing.T) {
	s := redistest.Start(t)
	admin := s.Client(t)
	must(t,
		admin.Do(ctx(t), "acl", "setuser", "app", "on", ">secret", "~*", "+@all", "-eval",
			"-evalsha").Err())
	locked := s.Client(t, asApp)
	reads := func(u *cache.Cache[int64, User], rdb redis.UniversalClient) map[string]int {
		t.Helper()
		wire := redistest.Wire(t, rdb)
		if _, err := u.Get(ctx(t), 1); err != nil {
			t.Fatal(err)
		}
		return wire.Commands()
	}
	want := func(got map[string]int, command string) {
		t.Helper()
		if len(got) != 1 || got[command] != 1 {
			t.Errorf("Get sends %v, want one %s", got, command)
		}
	}
	u := mustNew[int64](t, admin, "users", jsonUsers, active())
	must(t, u.Set(ctx(t), 1, ann))

	refused := mustNew[int64](t, locked, "users", jsonUsers, active())
	if err := refused.Set(ctx(t), 2, ann, cache.WithTTL(2*hour)); err == nil {
		t.Fatal("a Set succeeds without scripts")
	}
	want(reads(refused, locked), "getex")

	must(t, u.Set(ctx(t), 2, ann, cache.WithTTL(2*hour)))
	reads(u, admin) // now the server knows the script
	want(reads(u, admin), "evalsha")
	must(t, u.Delete(ctx(t), 2))
	for range 300 {
		if _, err := u.Get(ctx(t), 1); err != nil {
			t.Fatal(err)
		}
	}
	want(reads(u, admin), "getex")

	// If scripts are forbidden after the process has met such records, it still reads strings.
	late := s.Client(t, func(o *redis.UniversalOptions) {
		o.Username, o.Password = "late", "secret"
	})
	must(t, admin.Do(ctx(t), "acl", "setuser", "late", "on", ">secret", "~*", "+@all").Err())
	for _, o := range []*cache.Options{active(), active(ttl.MaxAge(24 * hour)), tolerant()} {
		must(t, admin.Do(ctx(t), "acl", "setuser", "late", "+eval", "+evalsha").Err())
		v := mustNew[int64](t, late, "users", jsonUsers, o)
		must(t, v.Set(ctx(t), 2, ann, cache.WithTTL(2*hour)))
		must(t, admin.Do(ctx(t), "acl", "setuser", "late", "-eval", "-evalsha").Err())
		for range 2 {
			got, err := v.Get(ctx(t), 1)
			wantUser(t, got, err, ann)
			many, err := v.GetMany(ctx(t), []int64{1})
			wantUser(t, many[1], err, ann)
		}
		w := mustNew[int64](t, late, "users", jsonUsers, o) // knows of no list
		if _, err := w.Get(ctx(t), 2); err == nil || errors.Is(err, cache.ErrWrongType) ||
			!strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("Get of a list without scripts = %v, want NOPERM", err)
		}
	}
}

// A Set that is refused because memory is full does not change how a process reads either.
func TestRefusedSetTeachesNothing(t *testing.T) {
	s := redistest.Start(t, "--maxmemory-policy", "noeviction")
	rdb := s.Client(t)
	u := mustNew[int64](t, rdb, "users", jsonUsers, active())
	must(t, u.Set(ctx(t), 1, ann))
	must(t, rdb.ConfigSet(ctx(t), "maxmemory", "1").Err())
	if err := u.Set(ctx(t), 2, ann, cache.WithTTL(2*hour)); err == nil ||
		!strings.Contains(err.Error(), "OOM") {
		t.Fatalf("Set = %v", err)
	}
	must(t, rdb.ConfigSet(ctx(t), "maxmemory", "0").Err())
	wire := redistest.Wire(t, rdb)
	if _, err := u.Get(ctx(t), 1); err != nil {
		t.Fatal(err)
	}
	if got := wire.Commands(); got["getex"] != 1 || len(got) != 1 {
		t.Errorf("Get sends %v", got)
	}
	_, err := u.Sweep(ctx(t), 2*hour)
	wantErr(t, err, cache.ErrMaxIdle, "Sweep", "")
}
