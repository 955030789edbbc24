package cache_test

import (
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// The lease of a load is deleted or replaced. The caller that began the load gets the loaded value.
// It is not stored, because it may be outdated.
func TestLeaseIsLost(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		for name, lose := range map[string]func(key string) error{
			"deleted": func(key string) error { return b.Client.Del(ctx(t), key).Err() },
			"of another load": func(key string) error {
				return b.Client.HSet(ctx(t), key, "t", "0123456789abcdef").Err()
			},
			"Delete": func(string) error { return u.Delete(ctx(t), 1) },
		} {
			s := stoppedSource(map[int64]User{1: ann})
			begun := s.begins(t, func() (User, error) { return u.GetOrLoad(ctx(t), 1, s.user) })
			if kind := b.Client.Type(ctx(t), u.redisKey(1)).Val(); kind != "hash" {
				t.Errorf("%s: during the load the key holds a %s", name, kind)
			}
			must(t, lose(u.redisKey(1)))
			s.put(1, bob)
			follower := s.begins(t, func() (User, error) {
				if name != "Delete" { // only callers after a write must not get an older value
					return bob, nil
				}
				return u.GetOrLoad(ctx(t), 1, s.user)
			})
			close(s.resume)
			begun(ann)
			if name == "of another load" {
				if kind := b.Client.Type(ctx(t), u.redisKey(1)).Val(); kind != "hash" {
					t.Errorf("%s: the lease was replaced by a %s", name, kind)
				}
				must(t, b.Client.Del(ctx(t), u.redisKey(1)).Err())
			}
			follower(bob)
			got, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantUser(t, got, err, bob)
			s.wantLoads(t, 2)
			must(t, u.Delete(ctx(t), 1))
		}
	})
}

// begins starts a call and waits until a load is in flight. The function that it returns waits for
// the end of the call and checks its result.
func (s *source) begins(t *testing.T, call func() (User, error)) (ends func(want User)) {
	t.Helper()
	var got User
	var err error
	var wg sync.WaitGroup
	wg.Go(func() { got, err = call() })
	soon(t, "a load", func() bool { return s.calls.Load() > 0 })
	return func(want User) {
		t.Helper()
		wg.Wait()
		wantUser(t, got, err, want)
	}
}

// Redis fails during a load: the caller gets the loaded value anyway. Once Redis is back, it holds
// only values that were read from the source since then.
func TestRedisGoesDuringLoad(t *testing.T) {
	t.Parallel()
	for name, open := range outages {
		for policy, o := range map[string]*cache.Options{
			"active": active(), "pipelined": autoPipelined(), "fixed": fixed(),
			"refresh": fixed(ttl.Refresh(time.Minute)), "once per process": {
				Load: cache.LoadConfig{Lease: -1}}, "fail fast": {
				Load: cache.LoadConfig{Outage: cache.FailFast}},
		} {
			if testing.Short() && policy != "active" {
				continue
			}
			t.Run(name+" "+policy, func(t *testing.T) {
				t.Parallel()
				b, o, rec := open(t), *o, &recorder{}
				o.Hook, o.Load.Patience = rec, cache.DefaultPatience
				if o.Load.Lease == 0 {
					o.Load.Lease = time.Second // callers wait for it if it is not released
				}
				u := mustNew[int64](t, b.rdb, "users", jsonUsers, &o)
				soon(t, "a hit", func() bool { // so that the servers know the scripts
					s := newSource(map[int64]User{9: ann})
					got, err := u.GetOrLoad(ctx(t), 9, s.user)
					return err == nil && got.Name == "Ann" && s.calls.Load() == 0
				})
				s := stoppedSource(map[int64]User{1: ann, 2: ann})
				one := s.begins(t, func() (User, error) { return u.GetOrLoad(ctx(t), 1, s.user) })
				<-s.started
				many := s.begins(t, func() (User, error) {
					got, err := u.GetOrLoadMany(ctx(t), []int64{2, 3}, s.users)
					return got[2], err
				})
				<-s.started
				s.mu.Lock()
				s.started = nil // nothing receives from it from now on
				s.mu.Unlock()
				b.begin()
				close(s.resume)
				one(ann)
				many(ann)
				s.wantLoads(t, 2)
				b.end()
				s.put(1, bob)
				if b.empties {
					soon(t, "a load that is stored", func() bool {
						got, err := u.GetOrLoad(ctx(t), 1, s.user)
						if err != nil || got.Name != "Bob" {
							return false
						}
						_, err = u.Get(ctx(t), 1)
						return err == nil
					})
				}
				soon(t, "a hit", func() bool {
					calls := s.calls.Load()
					_, err := u.GetOrLoad(ctx(t), 1, s.user)
					return err == nil && s.calls.Load() == calls
				})
				t.Logf("loaders have run %d times", s.calls.Load())
			})
		}
	}
}

// A batch with a hit, a miss, undecodable bytes and a marker, in several orders.
func TestMixedBatch(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, p := range policies {
			o := *p.o
			o.Load.Absent = hour
			u := newUsers(t, b, &o)
			for _, ids := range [][]int64{{1, 2, 3, 4, 5}, {5, 4, 3, 2, 1}, {3, 1, 5, 2, 4}} {
				u.set(1, ann)
				must(t, b.Client.Set(ctx(t), u.redisKey(2), "{", hour).Err())
				must(t, u.Delete(ctx(t), 3))
				must(t, u.Delete(ctx(t), 4))
				must(t, b.Client.Set(ctx(t), u.redisKey(5), "[", hour).Err())
				_, err := u.GetOrLoad(ctx(t), 4, newSource(nil).user)
				wantErr(t, err, cache.ErrNotFound, "GetOrLoad", "4")
				u.heard()
				s := newSource(map[int64]User{1: bob, 2: bob, 3: {Name: "Cid"}, 5: {Name: "Eve"}})
				got, err := u.GetOrLoadMany(ctx(t), ids, s.users)
				if err != nil || len(got) != 4 || got[1].Name != "Ann" || got[2].Name != "Bob" ||
					got[3].Name != "Cid" || got[5].Name != "Eve" || s.keys.Load() != 3 {
					t.Errorf("%s: GetOrLoadMany(%v) = %v, %v, after a load of %d keys",
						p.name, ids, got, err, s.keys.Load())
				}
				must(t, b.Client.Del(ctx(t), u.Name()+"!load:2").Err())
				must(t, b.Client.Del(ctx(t), u.Name()+"!load:5").Err())
			}
		}
	})
}
