package cache_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// sweepers are the policies whose idle records a sweep finds.
var sweepers = []struct {
	name string
	o    *cache.Options
}{
	{"active", active()},
	{"active with max age", active(ttl.MaxAge(24 * hour))},
	{"fixed", tracked()},
}

func eachSweeper(
	t *testing.T, fn func(t *testing.T, b *redistest.Backend, u users, o *cache.Options),
) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, s := range sweepers {
			t.Run(s.name, func(t *testing.T) { fn(t, b, newUsers(t, b, s.o), s.o) })
		}
	})
}

func TestSweep(t *testing.T) {
	eachSweeper(t, func(t *testing.T, b *redistest.Backend, u users, o *cache.Options) {
		// Keys of another cache, and keys that are no records.
		other := usersNamed(t, b, u.Name()+"2", o)
		other.set(1, bob)
		b.Exempt(other.redisKey(1), u.redisKey(9000))
		for shard := range 16 {
			b.Exempt(fmt.Sprintf("%s!seen:%d", other.Name(), shard))
		}
		other.idle(1, 59*time.Minute, o)
		must(t, b.Client.HSet(ctx(t), u.redisKey(8000), "n", "1").Err())
		must(t, b.Client.PExpire(ctx(t), u.redisKey(8000), time.Minute).Err())
		must(t, b.Client.ZAdd(ctx(t), u.redisKey(9000), redis.Z{Member: "m"}).Err())
		must(t, b.Client.PExpire(ctx(t), u.redisKey(9000), time.Minute).Err())

		n := fewer(b, 1200)
		u.setMany(n)
		for id := range int64(n / 2) {
			u.idle(id, 30*time.Minute+time.Duration(id)*time.Second, o)
		}

		dry, err := u.Sweep(ctx(t), 20*time.Minute, sweep.DryRun())
		if err != nil || dry.Scanned != n || dry.Removed != n/2 || dry.Kept != 0 ||
			dry.Failed != 0 || !dry.DryRun {
			t.Errorf("dry run: %+v, %v", dry, err)
		}
		if left, err := u.Len(ctx(t)); left != n || err != nil {
			t.Errorf("a dry run left %d records of %d, %v", left, n, err)
		}
		var last sweep.Progress
		res, err := u.Sweep(ctx(t), 20*time.Minute, sweep.PageSize(100),
			sweep.OnProgress(func(p sweep.Progress) {
				if p.Scanned < last.Scanned || p.Removed < last.Removed {
					t.Errorf("progress goes from %+v to %+v", last, p)
				}
				last = p
			}))
		if err != nil || res.Scanned != n || res.Removed != n/2 || res.Kept != 0 ||
			res.Failed != 0 || res.Elapsed <= 0 || res.DryRun {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
		longest := 30*time.Minute + time.Duration(n/2-1)*time.Second
		if res.LongestIdle < longest || res.LongestIdle > longest+time.Minute {
			t.Errorf("the longest idle time is %v, want %v", res.LongestIdle, longest)
		}
		if last.Scanned != n || last.Removed != n/2 || last.Total < n {
			t.Errorf("the last progress is %+v", last)
		}
		got, failed := collect(ctx(t), u.Cache)
		if len(got) != n/2 || got[int64(n-1)].Name != ann.Name || len(failed) != 1 { // the zset
			t.Errorf("after Sweep, All gives %d records, %v", len(got), failed)
		}
		for _, key := range []string{other.redisKey(1), u.redisKey(8000), u.redisKey(9000)} {
			if b.Client.Exists(ctx(t), key).Val() != 1 {
				t.Errorf("Sweep removed %s", key)
			}
		}
		again, err := u.Sweep(ctx(t), 20*time.Minute)
		if err != nil || again.Scanned != n/2 || again.Removed != 0 {
			t.Errorf("a second Sweep = %+v, %v", again, err)
		}
	})
}

// Accesses keep a record. Other operations do not.
func TestSweepAccesses(t *testing.T) {
	t.Parallel()
	eachSweeper(t, func(t *testing.T, b *redistest.Backend, u users, o *cache.Options) {
		accesses := map[int64]func() error{
			1: func() error { _, err := u.Get(ctx(t), 1); return err },
			2: func() error { _, err := u.GetMany(ctx(t), []int64{2, 777}); return err },
			3: func() error { return u.Update(ctx(t), 3, bob) },
			4: func() error { return u.UpdateField(ctx(t), 4, "age", 1) },
			5: func() error {
				_, err := u.Modify(ctx(t), 5, func(v User) (User, error) { return v, nil })
				return err
			},
			6:  func() error { return u.Touch(ctx(t), 6) },
			7:  func() error { return u.Set(ctx(t), 7, bob) },
			8:  func() error { return u.SetMany(ctx(t), map[int64]User{8: bob}) },
			9:  func() error { return u.Set(ctx(t), 9, bob, cache.WithTTL(2*hour)) },
			11: func() error { _, err := u.Peek(ctx(t), 11); return err },
			12: func() error { _, err := u.Inspect(ctx(t), 12); return err },
			13: func() error { _, err := u.Len(ctx(t)); return err },
			14: func() error { collect(ctx(t), u.Cache); return nil },
		}
		writer := usersNamed(t, b, u.Name(), o) // another process: u has noted none of its accesses
		for id := range accesses {
			writer.set(id, ann)
			writer.idle(id, 30*time.Minute, o)
		}
		for id, access := range accesses {
			if err := access(); err != nil {
				t.Errorf("access to %d: %v", id, err)
			} else if id < 10 {
				u.noted(id)
			}
		}
		res, err := u.Sweep(ctx(t), 20*time.Minute)
		if err != nil || res.Removed != 4 {
			t.Errorf("Sweep = %+v, %v, want 4 removed", res, err)
		}
		for id := range accesses {
			_, err := u.Peek(ctx(t), id)
			if kept := err == nil; kept != (id < 10) {
				t.Errorf("record %d: kept %v, %v", id, kept, err)
			}
		}
	})
}

// For a record with its own TTL, the idle time is measured by that TTL.
func TestSweepOwnTerms(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active(ttl.MaxAge(10*hour)))
		u.set(1, ann, cache.WithTTL(3*hour))
		u.age(1, 170*time.Minute) // idle for 10 minutes
		u.set(2, ann, cache.WithTTL(3*hour))
		u.age(2, 150*time.Minute) // idle for 30 minutes
		// Near its deadline, a record's last access is unknown.
		deadline := b.Now().Add(5 * time.Minute)
		must(t,
			b.Client.RPush(ctx(t), u.redisKey(3), `{"name":"Ann"}`, 0, deadline.UnixMilli()).Err())
		must(t, b.Client.PExpireAt(ctx(t), u.redisKey(3), deadline).Err())
		// This one was last used long before its deadline cut its TTL.
		must(t,
			b.Client.RPush(ctx(t), u.redisKey(4), `{"name":"Ann"}`, 0,
				b.Now().Add(2*hour).UnixMilli()).Err())
		u.age(4, 30*time.Minute)
		res, err := u.Sweep(ctx(t), 20*time.Minute)
		if err != nil || res.Scanned != 4 || res.Removed != 2 || res.Kept != 0 ||
			res.LongestIdle > 31*time.Minute {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
		if got, _ := collect(ctx(t), u.Cache); len(got) != 2 || got[1].Name == "" ||
			got[3].Name == "" {
			t.Errorf("records %v are left, want 1 and 3", got)
		}
	})
}

func TestSweepRefuses(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		for _, d := range []time.Duration{0, -hour, time.Microsecond, hour, 2 * hour} {
			_, err := u.Sweep(ctx(t), d)
			wantErr(t, err, cache.ErrMaxIdle, "Sweep", "")
		}
		for _, opt := range []sweep.Option{sweep.Duty(0), sweep.Duty(1.1), sweep.PageSize(0),
			sweep.PageSize(1 << 20), sweep.Every(-1)} {
			if _, err := u.Sweep(ctx(t), time.Minute, opt); err == nil {
				t.Error("Sweep accepts a bad option")
			}
		}
		// A record with its own longer TTL can be idle that long.
		u.set(1, ann, cache.WithTTL(3*hour))
		u.age(1, 30*time.Minute)
		if res, err := u.Sweep(ctx(t), 2*hour); err != nil || res.Removed != 1 {
			t.Errorf("Sweep = %+v, %v", res, err)
		}
		_, err := newUsers(t, b, fixed()).Sweep(ctx(t), time.Minute)
		wantErr(t, err, cache.ErrNotTracked, "Sweep", "")
		must(t, u.Close())
		_, err = u.Sweep(ctx(t), time.Minute)
		wantErr(t, err, cache.ErrClosed, "Sweep", "")
	})
	rdb := redis.NewClient(&redis.Options{}) // never used
	defer rdb.Close()
	for _, o := range []*cache.Options{
		{Sweeper: sweep.Periodic{}},
		{Sweeper: sweep.Periodic{Interval: hour}},
		{Sweeper: sweep.Periodic{MaxIdle: time.Minute}},
		{Sweeper: sweep.Periodic{Interval: -1, MaxIdle: time.Minute}},
		{Sweeper: sweep.Periodic{Interval: hour, MaxIdle: hour}},
		{Sweeper: sweep.Periodic{Interval: hour, MaxIdle: time.Minute, Duty: 2}},
		{Sweeper: sweep.Periodic{Interval: hour, MaxIdle: time.Minute, PageSize: -1}},
		{Sweeper: (*sweep.Periodic)(nil)},
		{TrackAccess: true},
	} {
		if _, err := cache.New[int64](rdb, "users", jsonUsers, o); err == nil {
			t.Errorf("New accepts %+v", o)
		}
	}
}

// All processes together make one pass at a time.
func TestSweepLease(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		v := usersNamed(t, b, u.Name(), active())
		u.set(1, ann)
		// The second pass begins in the middle of the first.
		_, err := u.Sweep(ctx(t), time.Minute, sweep.OnProgress(func(sweep.Progress) {
			_, err := v.Sweep(ctx(t), time.Minute)
			wantErr(t, err, sweep.ErrBusy, "Sweep", "")
			_, err = v.Sweep(ctx(t), time.Minute, sweep.Every(hour))
			var notDue *sweep.NotDueError
			if !errors.As(err, &notDue) || notDue.In <= 0 || notDue.In > 10*time.Second {
				t.Errorf("a second pass: %v", err)
			}
		}))
		must(t, err)
		// A pass that is due once per interval.
		_, err = v.Sweep(ctx(t), time.Minute, sweep.Every(hour))
		must(t, err)
		_, err = u.Sweep(ctx(t), time.Minute, sweep.Every(hour))
		var notDue *sweep.NotDueError
		if !errors.As(err, &notDue) || notDue.In > hour || notDue.In < hour-time.Minute {
			t.Errorf("a second pass in the interval: %v", err)
		}
		_, err = u.Sweep(ctx(t), time.Minute) // on demand, a pass is always due
		must(t, err)
		// If the lease's holder dies, another process takes over when the lease expires.
		lease := u.Name() + "!sweep"
		must(t, b.Client.Set(ctx(t), lease, "dead", hour).Err())
		_, err = u.Sweep(ctx(t), time.Minute)
		wantErr(t, err, sweep.ErrBusy, "Sweep", "")
		must(t, b.Client.PExpire(ctx(t), lease, 50*time.Millisecond).Err())
		b.Advance(60 * time.Millisecond)
		_, err = u.Sweep(ctx(t), time.Minute)
		must(t, err)
		if n := b.Client.Exists(ctx(t), lease).Val(); n != 0 {
			t.Error("the lease is still there")
		}
	})
}
