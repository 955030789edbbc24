package cache_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// Undecodable bytes are replaced by the loaded value, under each policy.
func TestUndecodableIsReplaced(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		raw := mustNew[int64](t, b.Client, u.Name(), codec.String{}, nil)
		must(t, raw.Set(ctx(t), 1, "no JSON"))
		must(t, raw.Set(ctx(t), 2, "no JSON", cache.WithTTL(2*hour)))
		s := newSource(map[int64]User{1: ann, 2: bob})
		got, err := u.GetOrLoad(ctx(t), 1, s.user)
		wantUser(t, got, err, ann)
		many, err := u.GetOrLoadMany(ctx(t), []int64{1, 2}, s.users)
		if len(many) != 2 || many[2].Name != "Bob" || err != nil {
			t.Errorf("got %v, %v", many, err)
		}
		for id, want := range map[int64]User{1: ann, 2: bob} {
			got, err := u.Peek(ctx(t), id)
			wantUser(t, got, err, want)
			u.wantLeft(id, hour)
		}
		s.wantLoads(t, 2)
	})
}

// Undecodable bytes are removed if the source has no such record.
func TestUndecodableAndAbsent(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		raw := mustNew[int64](t, b.Client, u.Name(), codec.String{}, nil)
		must(t, raw.Set(ctx(t), 1, "no JSON"))
		_, err := u.GetOrLoad(ctx(t), 1, newSource(nil).user)
		wantErr(t, err, cache.ErrNotFound, "GetOrLoad", "1")
		if n := b.Client.Exists(ctx(t), u.redisKey(1)).Val(); n != 0 {
			t.Error("the bytes are still there")
		}
	})
}

// Two versions that cannot read each other's bytes both serve their callers. They replace each
// other's bytes once per Lease, not at every read.
func TestTwoVersions(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		o := &cache.Options{Load: cache.LoadConfig{Lease: hour}}
		v1 := mustNew[int64](t, b.Client, b.Name(), codec.JSON[User]{}, o)
		v2 := mustNew[int64](t, b.Client, v1.Name(), codec.MsgPack[User]{}, o)
		s := newSource(map[int64]User{1: ann})
		var writes int
		last := ""
		for range 10 {
			for _, in := range []*cache.Cache[int64, User]{v1, v2} {
				got, err := in.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
				if now := b.Client.Get(ctx(t), v1.Name()+":1").Val(); now != last {
					writes, last = writes+1, now
				}
			}
		}
		if writes != 2 { // the first load, and one replacement
			t.Errorf("the record was written %d times, want 2", writes)
		}
	})
}

// reads is a hook of a client that counts answered reads. A record that is known to be undecodable
// is read with GET, which does not renew it.
type reads struct{ n atomic.Int64 }

func (r *reads) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *reads) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if name := cmd.Name(); name == "getex" || name == "get" {
			r.n.Add(1)
		}
		return err
	}
}

func (r *reads) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Another process holds the lease for undecodable bytes. The callers share one load, which writes
// nothing.
func TestUndecodableIsLoadedOnce(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		raw := mustNew[int64](t, b.Client, b.Name(), codec.String{}, nil)
		must(t, raw.Set(ctx(t), 1, "no JSON"))
		must(t, b.Client.Set(ctx(t), raw.Name()+"!load:1", "another", hour).Err())
		read := &reads{}
		hooked := b.NewClient(t)
		hooked.AddHook(read)
		u := mustNew[int64](t, hooked, raw.Name(), jsonUsers, long())
		s := stoppedSource(map[int64]User{1: ann})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				got, err := u.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
			})
		}
		<-s.started
		soon(t, "all have read", func() bool { return read.n.Load() == 10 })
		time.Sleep(20 * time.Millisecond) // they wait
		close(s.resume)
		wg.Wait()
		if n := s.calls.Load(); n > 5 { // late callers may load again
			t.Errorf("%d loads", n)
		}
		if got, err := raw.Peek(ctx(t), 1); got != "no JSON" || err != nil {
			t.Errorf("Peek gives %q, %v", got, err)
		}
	})
}

// A record that is readable again is renewed, even if only a claim could read it.
func TestReadableAgainIsRenewed(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active(ttl.Tolerance(time.Minute)))
		other := usersNamed(t, b, u.Name(), active(ttl.Tolerance(time.Minute)))
		raw := mustNew[int64](t, b.Client, u.Name(), codec.String{}, nil)
		must(t, raw.Set(ctx(t), 1, "no JSON"))
		if _, err := u.Peek(ctx(t), 1); err == nil {
			t.Error("Peek of undecodable bytes gives no error")
		}
		other.set(1, ann, cache.WithTTL(hour/2)) // a list, which u does not expect
		u.age(1, 10*time.Minute)
		for range 2 {
			got, err := u.GetOrLoadMany(ctx(t), []int64{1}, newSource(nil).users)
			if err != nil || got[1].Name != "Ann" {
				t.Errorf("got %v, %v", got, err)
			}
			u.wantLeft(1, hour/2)
		}
	})
}
