package cache_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func TestSetGetDelete(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		_, err := u.Get(ctx(t), 42)
		wantErr(t, err, cache.ErrNotFound, "Get", "42")
		u.set(42, ann)
		got, err := u.Get(ctx(t), 42)
		wantUser(t, got, err, ann)
		got, err = u.Peek(ctx(t), 42)
		wantUser(t, got, err, ann)

		u.set(42, bob)
		got, err = u.Get(ctx(t), 42)
		wantUser(t, got, err, bob)

		for range 2 { // the second time, the record is missing
			if err := u.Delete(ctx(t), 42); err != nil {
				t.Error(err)
			}
		}
		_, err = u.Get(ctx(t), 42)
		wantErr(t, err, cache.ErrNotFound, "Get", "42")
		_, err = u.Peek(ctx(t), 42)
		wantErr(t, err, cache.ErrNotFound, "Peek", "42")
	})
}

// Under Active, accesses renew a record. Under Fixed, nothing does.
func TestRenewal(t *testing.T) {
	accesses := []struct {
		name   string
		renews bool // under Active
		do     func(u users, id int64) error
	}{
		{"Get", true, func(u users, id int64) error { _, err := u.Get(ctx(u.t), id); return err }},
		{"GetMany", true, func(u users, id int64) error {
			_, err := u.GetMany(ctx(u.t), []int64{id})
			return err
		}},
		{"Update", true, func(u users, id int64) error { return u.Update(ctx(u.t), id, bob) }},
		{"UpdateField", true, func(u users, id int64) error {
			return u.UpdateField(ctx(u.t), id, "age", 50)
		}},
		{"Modify", true, func(u users, id int64) error {
			_, err := u.Modify(ctx(u.t), id, func(v User) (User, error) { return v, nil })
			return err
		}},
		{"Touch", true, func(u users, id int64) error { return u.Touch(ctx(u.t), id) }},
		{"Peek", false, func(u users, id int64) error {
			_, err := u.Peek(ctx(u.t), id)
			return err
		}},
		{"Inspect", false, func(u users, id int64) error {
			_, err := u.Inspect(ctx(u.t), id)
			return err
		}},
		{"Len", false, func(u users, _ int64) error { _, err := u.Len(ctx(u.t)); return err }},
		{"All", false, func(u users, _ int64) error {
			for _, err := range u.All(ctx(u.t)) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"Keys", false, func(u users, _ int64) error {
			for _, err := range u.Keys(ctx(u.t)) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	}
	records := []struct {
		name string
		ttl  time.Duration // after an access that renews
		opts []cache.SetOption
	}{
		{"policy", hour, nil},
		{"own", 3 * hour, []cache.SetOption{cache.WithTTL(3 * hour)}},
		{"own short", 20 * time.Minute, []cache.SetOption{cache.WithTTL(20 * time.Minute)}},
	}
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		renewing := !strings.Contains(t.Name(), "fixed")
		for _, r := range records {
			var ids []int64
			for i := range accesses {
				id := int64(i)
				u.set(id, ann, r.opts...)
				u.wantLeft(id, r.ttl)
				ids = append(ids, id)
			}
			u.ageAll(ids, 10*time.Minute)
			for i, a := range accesses {
				t.Run(r.name+"/"+a.name, func(t *testing.T) {
					u, id := u, ids[i]
					u.t = t
					if err := a.do(u, id); err != nil {
						t.Fatal(err)
					}
					if a.renews && renewing {
						u.wantLeft(id, r.ttl)
					} else {
						u.wantLeft(id, 10*time.Minute)
					}
				})
			}
		}
	})
}

func TestUpdate(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		wantErr(t, u.Update(ctx(t), 1, ann), cache.ErrNotFound, "Update", "1")
		wantErr(t, u.Touch(ctx(t), 1), cache.ErrNotFound, "Touch", "1")
		if n, err := u.Len(ctx(t)); n != 0 || err != nil {
			t.Errorf("Update and Touch of a missing record left %d records, %v", n, err)
		}
		for _, opts := range [][]cache.SetOption{nil, {cache.WithTTL(2 * hour)}} {
			u.set(1, ann, opts...)
			if err := u.Update(ctx(t), 1, bob); err != nil {
				t.Error(err)
			}
			got, err := u.Get(ctx(t), 1)
			wantUser(t, got, err, bob)
		}
	})
}

// The layout in Redis is a contract: programs in other languages read and write it.
func TestDataLayout(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		u.set(1, bob)
		const bobJSON = `{"name":"Bob","age":44,"visits":0}`
		if got, err := b.Client.Get(ctx(t), u.redisKey(1)).Result(); got != bobJSON || err != nil {
			t.Errorf("a policy record is %q, %v, want %q", got, err, bobJSON)
		}
		u.set(2, bob, cache.WithTTL(90*time.Second))
		got, err := b.Client.LRange(ctx(t), u.redisKey(2), 0, -1).Result()
		if err != nil || len(got) != 3 || got[0] != bobJSON || got[1] != "90000" || got[2] != "0" {
			t.Errorf("a record with its own TTL is %q, %v", got, err)
		}
		// A value that another program wrote is a record.
		if err := b.Client.Set(ctx(t), u.redisKey(3), `{"name":"Eve"}`,
			time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		v, err := u.Get(ctx(t), 3)
		wantUser(t, v, err, User{Name: "Eve"})
		u.wantLeft(3, hour)

		f := newUsers(t, b, fixed())
		f.set(1, bob, cache.WithTTL(90*time.Second))
		if got, err := b.Client.Get(ctx(t), f.redisKey(1)).Result(); got != bobJSON || err != nil {
			t.Errorf("under Fixed, a record with its own TTL is %q, %v, want %q", got, err, bobJSON)
		}
		f.wantLeft(1, 90*time.Second)
	})
}

func TestInspect(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		const size = len(`{"name":"Bob","age":44,"visits":0}`)
		inspect := func(u users) cache.Info {
			t.Helper()
			info, err := u.Inspect(ctx(t), 1)
			if err != nil {
				t.Fatal(err)
			}
			return info
		}
		near := func(got, want time.Duration) bool { return got <= want && got > want-time.Minute }

		u := newUsers(t, b, active())
		_, err := u.Inspect(ctx(t), 1)
		wantErr(t, err, cache.ErrNotFound, "Inspect", "1")
		u.set(1, bob)
		u.age(1, 20*time.Minute)
		if i := inspect(u); i.TTL != hour || !near(i.Remaining, 20*time.Minute) ||
			i.Idle != hour-i.Remaining || !i.Deadline.IsZero() || i.Size != size {
			t.Errorf("policy record: %+v", i)
		}
		u.set(1, bob, cache.WithTTL(2*hour))
		u.age(1, 20*time.Minute)
		if i := inspect(u); i.TTL != 2*hour || !near(i.Remaining, 20*time.Minute) ||
			i.Idle != 2*hour-i.Remaining || !i.Deadline.IsZero() || i.Size != size {
			t.Errorf("record with its own TTL: %+v", i)
		}

		must(t, b.Client.Set(ctx(t), u.redisKey(1), "{}", 0).Err()) // another program may do this
		if i := inspect(u); i.Remaining != -1 || i.Idle != -1 {
			t.Errorf("a value without a TTL: %+v", i)
		}
		u.heard()
		if _, err := u.Get(ctx(t), 1); err != nil {
			t.Error(err)
		}
		u.wantLeft(1, hour)

		// Fixed does not know when a record was last read.
		f := newUsers(t, b, fixed())
		f.set(1, bob)
		f.age(1, 20*time.Minute)
		if i := inspect(f); i.TTL != hour || !near(i.Remaining, 20*time.Minute) || i.Idle != -1 ||
			i.Size != size {
			t.Errorf("under Fixed: %+v", i)
		}

		// With a deadline, Idle is known until the deadline cuts the TTL.
		a := newUsers(t, b, active(ttl.MaxAge(90*time.Minute)))
		before := b.Now()
		a.set(1, bob)
		after := b.Now()
		i := inspect(a)
		if i.Deadline.Before(before.Truncate(time.Millisecond).Add(90*time.Minute)) ||
			i.Deadline.After(after.Add(90*time.Minute)) {
			t.Errorf("deadline is %v, want 90 minutes after a time from %v to %v", i.Deadline,
				before, after)
		}
		if i.TTL != hour || !near(i.Remaining, hour) || i.Idle < 0 || i.Idle > time.Minute {
			t.Errorf("far from its deadline: %+v", i)
		}
	})
}

// The values of every codec come back equal, on every backend.
func TestCodecs(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		checkValue(t, b, codec.MsgPack[User]{}, ann)
		checkValue(t, b, codec.JSON[*User]{}, &ann)
		checkValue(t, b, codec.JSON[[]int]{}, []int{})
		checkValue(t, b, codec.JSON[map[string]int]{}, map[string]int{"a": 1})
		checkValue(t, b, codec.String{}, "")
		checkValue(t, b, codec.String{}, "*") // jetcache-go reads it back as empty
		checkValue(t, b, codec.String{}, "*\r\n\x00\xff")
		checkValue(t, b, codec.Bytes{}, []byte("$-1\r\n"))
	})
}

func checkValue[V any](t *testing.T, b *redistest.Backend, c codec.Codec[V], want V) {
	t.Helper()
	values := mustNew[string](t, b.Client, b.Name(), c, nil)
	if err := values.Set(ctx(t), "k", want); err != nil {
		t.Fatal(err)
	}
	got, err := values.Get(ctx(t), "k")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%T gives %#v, %v for %#v", c, got, err, want)
	}
}
