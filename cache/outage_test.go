package cache_test

import (
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// breakable is a Redis that can stop answering.
type breakable struct {
	rdb        redis.UniversalClient
	admin      func() redis.UniversalClient // for a client that the outage does not affect
	begin, end func()
	empties    bool // all data is lost afterwards
}

// outages are the ways in which Redis does not answer.
var outages = map[string]func(t *testing.T) breakable{
	"refused": func(t *testing.T) breakable {
		s := redistest.Start(t)
		return breakable{s.Client(t), adminOf(t, s), s.Kill, func() { s.Restart(t) }, true}
	},
	"broken": func(t *testing.T) breakable {
		return spoilt(t, redistest.Spoil{Cut: 1})
	},
	"swallowed": func(t *testing.T) breakable {
		return spoilt(t, redistest.Spoil{Swallow: true})
	},
	"paused": func(t *testing.T) breakable {
		s := redistest.Start(t)
		return breakable{s.Client(t), adminOf(t, s), func() { s.Pause(t) }, func() { s.Resume(t) },
			false}
	},
	"LOADING":     replies("LOADING Redis is loading the dataset in memory"),
	"CLUSTERDOWN": replies("CLUSTERDOWN The cluster is down"),
	"MASTERDOWN":  replies("MASTERDOWN Link with MASTER is down"),
}

func adminOf(t *testing.T, s *redistest.Server) func() redis.UniversalClient {
	return func() redis.UniversalClient { return s.Client(t) }
}

// spoilt returns a server behind a proxy.
func spoilt(t *testing.T, spoil redistest.Spoil) breakable {
	s := redistest.Start(t)
	p := redistest.NewProxy(t, s.Addr())
	behind := s.Client(t, func(o *redis.UniversalOptions) { o.Addrs = []string{p.Addr()} })
	return breakable{behind, adminOf(t, s), func() { p.Set(spoil) },
		func() { p.Set(redistest.Spoil{}) }, false}
}

// replies returns a server that answers each command with an error.
func replies(text string) func(t *testing.T) breakable {
	return func(t *testing.T) breakable {
		m := miniredis.NewMiniRedis()
		m.ClockTTL(true) // a lease that was not released expires
		must(t, m.StartAddr("127.0.0.1:0"))
		t.Cleanup(m.Close)
		rdb := redis.NewClient(&redis.Options{
			Addr: "miniredis:0", Dialer: minipipe.Dialer(m), ContextTimeoutEnabled: true,
			DisableIdentity: true,
		})
		t.Cleanup(func() { _ = rdb.Close() })
		return breakable{rdb, func() redis.UniversalClient { return rdb },
			func() { m.SetError(text) }, func() { m.SetError("") }, false}
	}
}

// eachOutage runs a test in each outage, each with its own cache. The cache's last call was a hit,
// so no server counts as out. Redis holds only record 1. The source has another value for record 1,
// and a record 2.
func eachOutage(
	t *testing.T, outage cache.Outage,
	fn func(t *testing.T, b breakable, u *cache.Cache[int64, User], s *solo, rec *recorder),
) {
	t.Parallel()
	for name, open := range outages {
		for policy, o := range map[string]*cache.Options{
			"active": active(), "pipelined": autoPipelined(), "fixed": fixed(),
			"refresh": fixed(ttl.Refresh(time.Minute)),
		} {
			if testing.Short() && policy != "active" {
				continue
			}
			t.Run(name+" "+policy, func(t *testing.T) {
				t.Parallel()
				b, rec := open(t), &recorder{}
				o := *o
				o.Hook, o.Load.Outage, o.Load.Patience = rec, outage, cache.DefaultPatience
				u := mustNew[int64](t, b.rdb, "users", jsonUsers, &o)
				must(t, u.Set(ctx(t), 1, ann))
				warm := newSource(map[int64]User{3: ann})
				soon(t, "a hit of the loaded record", func() bool {
					calls := warm.calls.Load()
					got, err := u.GetOrLoad(ctx(t), 3, warm.user)
					return err == nil && got.Name == "Ann" && warm.calls.Load() == calls
				})
				must(t, u.Delete(ctx(t), 3))
				soon(t, "a hit", func() bool {
					got, err := u.GetOrLoad(ctx(t), 1, warm.user)
					return err == nil && got.Name == "Ann"
				})
				fn(t, b, u, newSolo(map[int64]User{1: bob, 2: bob}), rec)
			})
		}
	}
}

// While Redis does not answer, records are loaded, at most one load per key at a time, and nothing
// is written. Afterwards, Redis is asked again.
func TestLoadAnyway(t *testing.T) {
	eachOutage(t, cache.LoadAnyway, func(
		t *testing.T, b breakable, u *cache.Cache[int64, User], s *solo, rec *recorder,
	) {
		for range 2 {
			told := rec.count("Outage")
			b.begin()
			got, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantUser(t, got, err, bob)
			many, err := u.GetOrLoadMany(ctx(t), []int64{1, 2, 4}, s.users)
			if err != nil || len(many) != 2 || many[1].Name != "Bob" || many[2].Name != "Bob" {
				t.Errorf("GetOrLoadMany = %v, %v", many, err)
			}
			got, err = u.Reload(ctx(t), 1, s.user)
			wantUser(t, got, err, bob)
			_, err = u.GetOrLoad(ctx(t), 4, s.user)
			wantErr(t, err, cache.ErrNotFound, "GetOrLoad", "4")
			s.shared(t, 50, func(loader loaderOfUser) {
				got, err := u.GetOrLoad(ctx(t), 2, loader)
				wantUser(t, got, err, bob)
			})
			if n := rec.count("Outage") - told; n != 1 {
				t.Errorf("the Hook was told of %d outages, want 1", n)
			}
			b.end()
			want := 1
			if b.empties {
				want = 0
			}
			admin := b.admin()
			if n, err := admin.DBSize(ctx(t)).Result(); n != int64(want) || err != nil {
				t.Errorf("Redis holds %d keys, %v, want %d", n, err, want)
			}
			if want == 1 {
				got, err = mustNew[int64](t, admin, "users", jsonUsers, nil).Peek(ctx(t), 1)
				wantUser(t, got, err, ann)
			} else {
				soon(t, "a Set", func() bool { return u.Set(ctx(t), 1, ann) == nil })
			}
			isBack(t, u, s)
			must(t, u.Delete(ctx(t), 2))
			soon(t, "a hit", func() bool {
				got, err := u.GetOrLoad(ctx(t), 1, s.user)
				return err == nil && got.Name == "Ann"
			})
		}
	})
}

// isBack waits until records 1 and 2 are hits again: record 1 with its old value in Redis, record 2
// after a load.
func isBack(t *testing.T, u *cache.Cache[int64, User], s *solo) {
	t.Helper()
	soon(t, "a hit", func() bool {
		got, err := u.GetOrLoad(ctx(t), 1, s.user)
		return err == nil && got.Name == "Ann"
	})
	soon(t, "a hit of the loaded record", func() bool {
		calls := s.calls.Load()
		got, err := u.GetOrLoad(ctx(t), 2, s.user)
		return err == nil && got.Name == "Bob" && s.calls.Load() == calls
	})
	got, err := u.Get(ctx(t), 2)
	wantUser(t, got, err, bob)
}

// With FailFast, callers get an error while Redis does not answer, and no loader is called.
func TestFailFast(t *testing.T) {
	eachOutage(t, cache.FailFast, func(
		t *testing.T, b breakable, u *cache.Cache[int64, User], s *solo, rec *recorder,
	) {
		told := rec.count("Outage")
		b.begin()
		for range 3 {
			_, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantErr(t, err, cache.ErrUnavailable, "GetOrLoad", "1")
			if errors.Is(err, cache.ErrNotFound) {
				t.Errorf("an outage looks like a miss: %v", err)
			}
			many, err := u.GetOrLoadMany(ctx(t), []int64{1, 2}, s.users)
			if joined, ok := err.(interface{ Unwrap() []error }); len(many) != 0 || !ok ||
				len(joined.Unwrap()) != 2 || !errors.Is(err, cache.ErrUnavailable) {
				t.Errorf("GetOrLoadMany = %v, %v", many, err)
			}
			_, err = u.Reload(ctx(t), 1, s.user)
			wantErr(t, err, cache.ErrUnavailable, "Reload", "1")
		}
		s.wantLoads(t, 0)
		if n := rec.count("Outage") - told; n != 1 {
			t.Errorf("the Hook was told of %d outages, want 1", n)
		}
		b.end()
		if b.empties {
			soon(t, "a Set", func() bool { return u.Set(ctx(t), 1, ann) == nil })
		}
		isBack(t, u, s)
	})
}
