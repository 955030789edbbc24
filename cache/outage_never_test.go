package cache_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// If a caller's own deadline passes, that is its own error, and no outage.
func TestOwnDeadlineIsNoOutage(t *testing.T) {
	t.Parallel()
	for policy, o := range map[string]*cache.Options{
		"active": active(), "pipelined": autoPipelined(), "fixed": fixed(),
	} {
		for _, outage := range []cache.Outage{cache.LoadAnyway, cache.FailFast} {
			s := redistest.Start(t)
			p, rec := redistest.NewProxy(t, s.Addr()), &recorder{}
			rdb := s.Client(t, patient, func(o *redis.UniversalOptions) {
				o.Addrs = []string{p.Addr()}
			})
			o := *o
			o.Hook, o.Load.Patience, o.Load.Outage = rec, time.Minute, outage
			u := mustNew[int64](t, rdb, "users", jsonUsers, &o)
			must(t, u.Set(ctx(t), 1, ann))
			src := newSource(map[int64]User{1: bob})
			p.Set(redistest.Spoil{Swallow: true})
			for range 2 {
				short, cancel := context.WithTimeout(ctx(t), 20*time.Millisecond)
				_, err := u.GetOrLoad(short, 1, src.user)
				if !errors.Is(err, context.DeadlineExceeded) && // or the connection's comes first
					!errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: got %v", policy, err)
				}
				if errors.Is(err, cache.ErrUnavailable) {
					t.Errorf("%s: %v", policy, err)
				}
				if _, err := u.GetOrLoadMany(short, []int64{1, 2}, src.users); err == nil {
					t.Errorf("%s: GetOrLoadMany after the deadline gives no error", policy)
				}
				cancel()
			}
			src.wantLoads(t, 0)
			p.Set(redistest.Spoil{})
			p.Drop() // its replies are lost, and the client waits for them
			got, err := u.GetOrLoad(ctx(t), 1, src.user)
			wantUser(t, got, err, ann)
			if n := rec.count("Outage"); n != 0 {
				t.Errorf("%s: the Hook was told of %d outages", policy, n)
			}
		}
	}
}

// A client whose connections are all in use is busy. That is no outage, whether the client's
// PoolTimeout or the cache's Patience ends first.
func TestBusyPoolIsNoOutage(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]struct{ pool, cache time.Duration }{
		"PoolTimeout": {20 * time.Millisecond, time.Minute},
		"Patience":    {time.Minute, 20 * time.Millisecond},
	} {
		for _, outage := range []cache.Outage{cache.LoadAnyway, cache.FailFast} {
			s := redistest.Start(t)
			admin, rec := s.Client(t), &recorder{}
			rdb := s.Client(t, func(o *redis.UniversalOptions) {
				o.PoolSize, o.PoolTimeout, o.ReadTimeout = 1, wait.pool, time.Minute
			})
			o := active()
			o.Hook, o.Load.Patience, o.Load.Outage = rec, wait.cache, outage
			u := mustNew[int64](t, rdb, "users", jsonUsers, o)
			must(t, u.Set(ctx(t), 1, ann))
			src := newSource(map[int64]User{1: bob})
			popped := make(chan error, 1)
			go func() { popped <- rdb.BLPop(ctx(t), 0, "queue").Err() }()
			soon(t, "the connection is in use", func() bool {
				return admin.InfoMap(ctx(t), "clients").Item("Clients", "blocked_clients") == "1"
			})
			told := rec.count("Outage") // outages that a busy machine caused before
			for range 3 {
				got, err := u.GetOrLoad(ctx(t), 1, src.user)
				if outage == cache.FailFast {
					wantErr(t, err, cache.ErrUnavailable, "GetOrLoad", "1")
				} else {
					wantUser(t, got, err, bob)
				}
			}
			if n := rec.count("Outage") - told; n != 0 {
				t.Errorf("%s: the Hook was told of %d outages", name, n)
			}
			must(t, admin.LPush(ctx(t), "queue", "x").Err())
			must(t, <-popped)
			soon(t, "a hit", func() bool {
				got, err := u.GetOrLoad(ctx(t), 1, src.user)
				return err == nil && got.Name == "Ann"
			})
		}
	}
}

// A foreign key stays and is an error: nothing is loaded, and there is no outage.
func TestWrongTypeIsNoOutage(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for i, p := range policies {
			rec, outage := &recorder{}, cache.Outage(i%2)
			o := *p.o
			o.Hook, o.Load.Patience, o.Load.Outage = rec, time.Minute, outage
			u := newUsers(t, b, &o)
			b.Exempt(u.redisKey(1))
			must(t, b.Client.SAdd(ctx(t), u.redisKey(1), "x").Err())
			src := newSource(map[int64]User{1: bob, 2: bob})
			for range 2 {
				_, err := u.GetOrLoad(ctx(t), 1, src.user)
				wantErr(t, err, cache.ErrWrongType, "GetOrLoad", "1")
				_, err = u.Reload(ctx(t), 1, src.user)
				wantErr(t, err, cache.ErrWrongType, "Reload", "1")
			}
			src.wantLoads(t, 0)
			got, err := u.GetOrLoadMany(ctx(t), []int64{1, 2}, src.users)
			wantErr(t, err, cache.ErrWrongType, "GetOrLoadMany", "1")
			if len(got) != 1 || got[2].Name != "Bob" || src.keys.Load() != 1 {
				t.Errorf("GetOrLoadMany = %v, after a load of %d keys", got, src.keys.Load())
			}
			if n := rec.count("Outage"); n != 0 {
				t.Errorf("the Hook was told of %d outages", n)
			}
			if kind := b.Client.Type(ctx(t), u.redisKey(1)).Val(); kind != "set" {
				t.Errorf("the key holds a %s", kind)
			}
		}
	})
}
