package cache_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func tracked() *cache.Options {
	return &cache.Options{TTL: ttl.Fixed(hour), TrackAccess: true}
}

// idle makes a record look unused for d.
func (u users) idle(id int64, d time.Duration, o *cache.Options) {
	u.t.Helper()
	if o.TTL.Terms().Renews {
		info, err := u.Inspect(ctx(u.t), id)
		must(u.t, err)
		u.age(id, info.TTL-d)
		return
	}
	u.settled(id, 1000*hour)
	now, err := u.rdb.Time(ctx(u.t)).Result()
	must(u.t, err)
	member := fmt.Sprint(id)
	for shard := range 16 {
		key := fmt.Sprintf("%s!seen:%d", u.Name(), shard)
		if _, err := u.rdb.ZScore(ctx(u.t), key, member).Result(); err == nil {
			must(u.t,
				u.rdb.ZAdd(ctx(u.t), key,
					redis.Z{Score: float64(now.Add(-d).UnixMilli()), Member: member}).Err())
			return
		}
	}
	u.t.Fatalf("record %d is not in the index", id)
}

// noted waits until an access that this process has just made to each record is in the index. In a
// cluster, the access itself does not wait for that.
func (u users) noted(ids ...int64) {
	u.t.Helper()
	for _, id := range ids {
		u.settled(id, time.Minute)
	}
}

// settled waits until all notes of this process are in the index, and the record's last access is
// in it and less than most ago. An Inspect waits at most half a second for notes in flight. So an
// Inspect that took less than 400 ms has seen all of them.
func (u users) settled(id int64, most time.Duration) {
	u.t.Helper()
	var info cache.Info
	var err error
	eventually(u.t, func() bool {
		begun := time.Now()
		info, err = u.Inspect(ctx(u.t), id)
		return err == nil && info.Idle >= 0 && info.Idle < most &&
			time.Since(begun) < 400*time.Millisecond
	}, func() string { return fmt.Sprintf("record %d is not noted: %+v, %v", id, info, err) })
}

// eventually waits until ok returns true, and fails with the text of instead after 10 s.
func eventually(t *testing.T, ok func() bool, instead func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(instead())
		}
	}
}

// setMany writes n records, and waits until they are in the index. It writes them in parts: if a
// note takes long, the cache treats the server of the index as busy and drops the next notes.
func (u users) setMany(n int) {
	u.t.Helper()
	for from := 0; from < n; from += 500 {
		part := map[int64]User{}
		for id := from; id < min(from+500, n); id++ {
			part[int64(id)] = ann
		}
		must(u.t, u.SetMany(ctx(u.t), part))
		u.noted(int64(from)) // then all of the part are
	}
}

// The index follows the records: it does not grow, and the next sweep removes entries without
// records.
func TestSweepIndex(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, tracked())
		entries := func() (n int) {
			for shard := range 16 {
				n += int(b.Client.ZCard(ctx(t), fmt.Sprintf("%s!seen:%d", u.Name(), shard)).Val())
			}
			return n
		}
		var ids []int64
		for id := range int64(300) {
			ids = append(ids, id)
		}
		u.setMany(len(ids))
		if n := entries(); n != 300 {
			t.Errorf("the index has %d entries, want 300", n)
		}
		if _, err := u.GetMany(ctx(t), []int64{1000, 1001, 1002}); err != nil { // misses
			t.Fatal(err)
		}
		if n, err := u.DeleteMany(ctx(t), ids[:200]); n != 200 || err != nil {
			t.Fatal(n, err)
		}
		if _, err := u.Sweep(ctx(t), 20*time.Minute); err != nil {
			t.Fatal(err)
		}
		if n := entries(); n != 100 {
			t.Errorf("after a sweep the index has %d entries, want 100", n)
		}

		// Without sweeps, entries as old as the TTL are removed when new ones are written.
		for _, id := range ids[200:] {
			u.idle(id, 2*hour, tracked())
		}
		v := usersNamed(t, b, u.Name(), tracked())
		written := 0
		for written < 100 || entries() != written {
			if written++; written > 300 {
				t.Fatalf("after %d writes the index has %d entries", written, entries())
			}
			v.set(5000+int64(written), ann)
			v.noted(5000 + int64(written))
		}

		// A record that is removed and written again in the same window is noted again.
		must(t, u.Set(ctx(t), 1, ann))
		u.idle(1, 30*time.Minute, tracked())
		if _, err := u.Sweep(ctx(t), 20*time.Minute); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			must(t, u.Set(ctx(t), 1, ann))
			u.noted(1)
			must(t, u.Delete(ctx(t), 1))
			if _, err := u.Sweep(ctx(t), 20*time.Minute); err != nil { // removes its entry
				t.Fatal(err)
			}
		}

		// So is a record that was missed before it was written, as in a cache that is filled on
		// demand.
		must(t, u.Delete(ctx(t), 7))
		if _, err := u.Get(ctx(t), 7); !errors.Is(err, cache.ErrNotFound) {
			t.Fatal(err)
		}
		u.noted(299) // so that no note of the miss is in flight
		must(t, u.Set(ctx(t), 7, ann))
		u.noted(7)

		// A record that is not in the index counts as used now.
		if _, err := u.Clear(ctx(t)); err != nil {
			t.Fatal(err)
		}
		must(t, b.Client.Set(ctx(t), u.redisKey(1), "{}", hour).Err())
		if res, err := u.Sweep(ctx(t), time.Minute); err != nil || res.Scanned != 1 ||
			res.Removed != 0 {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
		info, err := u.Inspect(ctx(t), 1)
		if err != nil || info.Idle < 0 || info.Idle > time.Minute {
			t.Errorf("Inspect = %+v, %v", info, err)
		}
		u.idle(1, 10*time.Minute, tracked())
		if res, err := u.Sweep(ctx(t), time.Minute); err != nil || res.Removed != 1 {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
	})
}

// A process notes an access once per window. So until the window has passed, a record may have been
// used later than the index says.
func TestSweepAllowsForTheWindow(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, tracked()) // a window of a minute
		u.set(1, ann)
		u.idle(1, 20*time.Minute+30*time.Second, tracked())
		if res, err := u.Sweep(ctx(t), 20*time.Minute); err != nil || res.Removed != 0 {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
		u.idle(1, 21*time.Minute, tracked())
		if res, err := u.Sweep(ctx(t), 20*time.Minute); err != nil || res.Removed != 1 {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
	})
}

// A server without memory for notes leaves no old notes behind.
func TestSweepAfterOutOfMemory(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t)
	u := users{mustNew[int64](t, rdb, "users", jsonUsers, tracked()), t, rdb}
	u.set(1, ann)
	u.idle(1, 30*time.Minute, tracked())
	must(t, rdb.ConfigSet(ctx(t), "maxmemory", "1").Err())
	reader := users{mustNew[int64](t, rdb, "users", jsonUsers, tracked()), t, rdb}
	got, err := reader.Get(ctx(t), 1)
	wantUser(t, got, err, ann)
	must(t, rdb.ConfigSet(ctx(t), "maxmemory", "0").Err())
	if res, err := u.Sweep(ctx(t), 20*time.Minute); err != nil || res.Removed != 0 {
		t.Errorf("Sweep removed a record that was just read: %+v, %v", res, err)
	}
}

// A record with a TTL longer than the policy's stays in the index for its whole life. Misses are
// not in the index.
func TestSweepIndexKnowsWhatLives(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, tracked())
		u.set(1, ann, cache.WithTTL(100*hour))
		u.idle(1, 30*hour, tracked())
		eventually(t, func() bool {
			return b.Client.Exists(ctx(t), u.Name()+"!longest").Val() == 1
		}, func() string { return "the longest TTL is not noted" })
		other := usersNamed(t, b, u.Name(), tracked())
		for id := int64(2); id < 200; id++ {
			other.set(id, ann)
			_, _ = other.Get(ctx(t), 1000+id)
			other.noted(id)
		}
		entries := 0
		for shard := range 16 {
			key := fmt.Sprintf("%s!seen:%d", u.Name(), shard)
			// This count excludes the entry of the longest TTL.
			entries += int(b.Client.ZCount(ctx(t), key, "1e11", "+inf").Val())
			if ttl := b.Client.PTTL(ctx(t), key).Val(); ttl < 2*hour {
				t.Errorf("%s expires in %v", key, ttl)
			}
		}
		if entries != 199 {
			t.Errorf("the index has %d entries, want 199", entries)
		}
		res, err := u.Sweep(ctx(t), 20*hour)
		if err != nil || res.Removed != 1 || res.Scanned != 199 {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
		// A lost index is rebuilt, with a TTL.
		for shard := range 16 {
			must(t, b.Client.Del(ctx(t), fmt.Sprintf("%s!seen:%d", u.Name(), shard)).Err())
		}
		if res, err := u.Sweep(ctx(t), 20*time.Minute); err != nil || res.Scanned != 198 ||
			res.Removed != 0 {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
	})
}
