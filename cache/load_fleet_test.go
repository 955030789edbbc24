package cache_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

const tokenOfNobody = "0123456789abcdef"

// leased writes a lease of another process for record 1.
func (u users) leased(token string, left time.Duration) {
	u.t.Helper()
	_, err := u.rdb.Pipelined(ctx(u.t), func(p redis.Pipeliner) error {
		p.HSet(ctx(u.t), u.redisKey(1), "t", token)
		if left > 0 {
			p.PExpire(ctx(u.t), u.redisKey(1), left)
		}
		return nil
	})
	must(u.t, err)
}

// givesHashesTTLs reports whether the server is miniredis: its GETEX sets a TTL on a hash before it
// returns WRONGTYPE.
func givesHashesTTLs(b *redistest.Backend) bool { return b.Mini != nil }

// A process that dies during a load delays others for at most its lease.
func TestLeaseOfADeadProcess(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		s := newSource(map[int64]User{1: ann})
		u.leased(tokenOfNobody, 100*time.Millisecond)
		if b.Mini != nil {
			time.AfterFunc(50*time.Millisecond, func() { b.Mini.Del(u.redisKey(1)) })
		}
		got, err := u.GetOrLoad(ctx(t), 1, s.user)
		wantUser(t, got, err, ann)
		s.wantLoads(t, 1)
		u.wantLeft(1, hour)
	})
}

// A lease without a TTL is ignored.
func TestLeaseWithoutTTL(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, fixed())
		u.leased(tokenOfNobody, 0)
		got, err := u.GetOrLoad(ctx(t), 1, newSource(map[int64]User{1: ann}).user)
		wantUser(t, got, err, ann)
	})
}

// Foreign keys are an error, and stay.
func TestLoadOverForeignKeys(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, args := range map[string][]any{ // arguments without the key
			"set":           {"sadd", "a"},
			"list":          {"rpush", "a"},
			"hash":          {"hset", "a", "b"},
			"hash of two":   {"hset", "t", tokenOfNobody, "n", "1"},
			"no token":      {"hset", "t", "abc"},
			"not hex":       {"hset", "t", "0123456789abcdeg"},
			"n without TTL": {"hset", "n", "1"},
		} {
			t.Run(name, func(t *testing.T) {
				u := newUsers(t, b, fixed())
				b.Exempt(u.redisKey(1))
				must(t, b.Client.Do(ctx(t),
					slices.Insert(slices.Clone(args), 1, any(u.redisKey(1)))...).Err())
				kind := b.Client.Type(ctx(t), u.redisKey(1)).Val()
				s := newSource(map[int64]User{1: ann})
				_, err := u.GetOrLoad(ctx(t), 1, s.user)
				wantErr(t, err, cache.ErrWrongType, "GetOrLoad", "1")
				_, err = u.GetOrLoadMany(ctx(t), []int64{1}, s.users)
				wantErr(t, err, cache.ErrWrongType, "GetOrLoadMany", "1")
				_, err = u.Reload(ctx(t), 1, s.user)
				wantErr(t, err, cache.ErrWrongType, "Reload", "1")
				s.wantLoads(t, 0)
				if now := b.Client.Type(ctx(t), u.redisKey(1)).Val(); now != kind {
					t.Errorf("the %s is a %s now", kind, now)
				}
			})
		}
	})
}

// A load that takes longer than its lease renews the lease, and others do not load.
func TestLoadLongerThanItsLease(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		o := &cache.Options{Load: cache.LoadConfig{Lease: 300 * time.Millisecond}}
		u := newUsers(t, b, o)
		other := usersNamed(t, b, u.Name(), o)
		s := stoppedSource(map[int64]User{1: ann})
		var wg sync.WaitGroup
		for _, in := range []users{u, other} {
			wg.Go(func() {
				got, err := in.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
			})
		}
		<-s.started
		for range 5 { // each renewal comes after a third of the lease or more
			soon(t, "a lease that has run down", func() bool {
				left := u.left(1)
				b.Advance(0)
				return left < 250*time.Millisecond || b.Mini != nil
			})
			soon(t, "a lease that was renewed", func() bool {
				return u.left(1) > 250*time.Millisecond
			})
		}
		close(s.resume)
		wg.Wait()
		s.wantLoads(t, 1)
	})
}

// Callers in another process do not wait after a load has failed: they load.
func TestOtherProcessFails(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{Lease: hour}})
		other := usersNamed(t, b, u.Name(), &cache.Options{Load: cache.LoadConfig{Lease: hour}})
		boom := errors.New("boom")
		started, fail := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := u.GetOrLoad(ctx(t), 1, func(context.Context, int64) (User, error) {
				close(started)
				<-fail
				return User{}, boom
			})
			wantErr(t, err, boom, "GetOrLoad", "1")
		})
		<-started
		s := newSource(map[int64]User{1: ann})
		for range 5 {
			wg.Go(func() {
				got, err := other.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
			})
		}
		time.Sleep(20 * time.Millisecond) // they wait
		s.wantLoads(t, 0)
		close(fail)
		wg.Wait()
		s.wantLoads(t, 1)
	})
}

// When no caller waits any more, a process stops waiting for another process's load.
func TestWaitersForAnotherProcessLeave(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		u.leased(tokenOfNobody, hour)
		short, cancel := context.WithTimeout(ctx(t), 20*time.Millisecond)
		defer cancel()
		s := newSource(nil)
		_, err := u.GetOrLoad(short, 1, s.user)
		wantErr(t, err, context.DeadlineExceeded, "GetOrLoad", "1")
		wire := redistest.Wire(t, b.Client)
		soon(t, "no more commands", func() bool {
			wire.Reset()
			time.Sleep(60 * time.Millisecond)
			return len(wire.Commands()) == 0
		})
		must(t, u.Delete(ctx(t), 1))
		s.wantLoads(t, 0)
	})
}

// A lease is deleted during its load. Callers that joined start over as soon as their process
// notices, and the outdated load is not stored.
func TestLeaseDeletedDuringALoad(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		h := &recorder{}
		u := newUsers(t, b, &cache.Options{Hook: h,
			Load: cache.LoadConfig{Lease: 100 * time.Millisecond}})
		s := stoppedSource(map[int64]User{1: ann})
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantUser(t, got, err, ann) // its load began before the deletion
		})
		<-s.started
		wg.Go(func() {
			got, err := u.GetOrLoad(ctx(t), 1, newSource(map[int64]User{1: bob}).user)
			wantUser(t, got, err, bob)
		})
		time.Sleep(10 * time.Millisecond) // it joins the first load
		must(t, b.Client.Unlink(ctx(t), u.redisKey(1)).Err())
		soon(t, "the new record", func() bool {
			got, err := u.Peek(ctx(t), 1)
			return err == nil && got.Name == "Bob"
		})
		close(s.resume)
		wg.Wait()
		got, err := u.Peek(ctx(t), 1)
		wantUser(t, got, err, bob)
		if n := h.sum("Load").Superseded; n != 1 {
			t.Errorf("the Hook counts %d superseded loads, want 1", n)
		}
	})
}

// Without a lease, each process loads once.
func TestNegativeLease(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		o := &cache.Options{Load: cache.LoadConfig{Lease: -1, Absent: hour}}
		u := newUsers(t, b, o)
		other := usersNamed(t, b, u.Name(), o)
		s := stoppedSource(map[int64]User{1: ann})
		var wg sync.WaitGroup
		for i := range 20 {
			in := []users{u, other}[i%2]
			wg.Go(func() {
				got, err := in.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
			})
		}
		<-s.started
		<-s.started
		close(s.resume)
		wg.Wait()
		s.wantLoads(t, 2)
		for range 2 {
			_, err := u.GetOrLoad(ctx(t), 2, s.user)
			wantErr(t, err, cache.ErrNotFound, "GetOrLoad", "2")
		}
		s.wantLoads(t, 3)
		u.set(3, bob, cache.WithTTL(2*hour)) // a list
		got, err := other.GetOrLoad(ctx(t), 3, s.user)
		wantUser(t, got, err, bob)
		s.wantLoads(t, 3)
	})
}
