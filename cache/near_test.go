package cache_test

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// nearCached are the options of a client that keeps what it reads in memory.
func nearCached(o *redis.Options) {
	o.Protocol = 3
	o.ClientSideCacheConfig = &redis.ClientSideCacheConfig{}
}

// nearPolicies are those under which reads are served from memory.
var nearPolicies = map[string]struct {
	o   *cache.Options
	own []cache.SetOption
}{
	"fixed":                 {fixed(), nil},
	"fixed, own TTL":        {fixed(), []cache.SetOption{cache.WithTTL(2 * hour)}},
	"active with tolerance": {tolerant(), nil},
	"own TTL, tolerance":    {tolerant(), []cache.SetOption{cache.WithTTL(2 * hour)}},
	"max age, tolerance":    {tolerant(ttl.MaxAge(24 * hour)), nil},
	"auto-pipelined":        {&cache.Options{TTL: tolerant().TTL, AutoPipeline: true}, nil},
}

// near runs a test under each of these policies, on a cache that reads from memory
// and one of the same name in another process.
func near(t *testing.T, fn func(t *testing.T, u users, other *process, own []cache.SetOption)) {
	s := redistest.Standalone(t)
	for name, p := range nearPolicies {
		t.Run(name, func(t *testing.T) {
			cacheName := redistest.UniqueName(t)
			redistest.CheckKeys(t, s.Client(t), cacheName)
			u := users{mustNew[int64](t, nearClient(t, s), cacheName, jsonUsers, p.o), t,
				s.Client(t)}
			fn(t, u, startProcess(t, s, name, cacheName), p.own)
		})
	}
}

func nearClient(t *testing.T, s *redistest.Server) *redis.Client {
	t.Helper()
	o := s.Client(t).Options()
	c := &redis.Options{Addr: o.Addr, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: o.MaintNotificationsConfig}
	nearCached(c)
	rdb := redis.NewClient(c)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// A hit sends nothing, and neither do the reads of another process make a difference.
func TestNearCacheHit(t *testing.T) {
	near(t, func(t *testing.T, u users, other *process, own []cache.SetOption) {
		u.set(1, ann, own...)
		// The first read of the other one asks whether the record is due. No copy is kept
		// of what is read while the invalidation of the write before is on its way.
		inMemory := func(read func()) {
			for range 10 {
				if len(redistest.Commands(t, u.rdb, read)) == 0 {
					return
				}
			}
			t.Fatal("ten reads leave no copy in memory")
		}
		inMemory(func() {
			if _, err := u.Get(ctx(t), 1); err != nil {
				t.Fatal(err)
			}
		})
		inMemory(func() { other.wants("get", ann.Name) })
		sent := redistest.Commands(t, u.rdb, func() {
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					for range 100 {
						got, err := u.Get(ctx(t), 1)
						wantUser(t, got, err, ann)
						got, err = u.Peek(ctx(t), 1)
						wantUser(t, got, err, ann)
					}
				})
			}
			for range 100 {
				other.wants("get", ann.Name)
			}
			wg.Wait()
		})
		if len(sent) != 0 {
			t.Errorf("the server counts %v, want nothing", sent)
		}
	})
}

// arrives is how long an invalidation may take on a machine that does other work. It
// travels in less than a millisecond, and go-redis looks for it every five.
const arrives = 5 * time.Second

// A write anywhere is seen everywhere when its invalidation arrives.
func TestNearCacheSeesWrites(t *testing.T) {
	near(t, func(t *testing.T, u users, other *process, own []cache.SetOption) {
		becomes := func(what, want string) {
			t.Helper()
			begun := time.Now()
			for {
				got, err := u.Get(ctx(t), 1)
				if err == nil && got.Name == want || errors.Is(err, cache.ErrNotFound) &&
					want == "" {
					return
				}
				if err != nil && !errors.Is(err, cache.ErrNotFound) || time.Since(begun) > arrives {
					t.Fatalf("%s: Get gives %v, %v after %v, want %q", what, got, err,
						time.Since(begun), want)
				}
			}
		}
		becomes("before the first write", "")
		other.does("set", "Ann")
		becomes("Set elsewhere of what was missing", "Ann")
		other.does("set", "Bob")
		becomes("Set elsewhere", "Bob")
		other.does("update", "Cid")
		becomes("Update elsewhere", "Cid")
		other.does("field", "Dan")
		becomes("UpdateField elsewhere", "Dan")
		other.does("delete", "")
		becomes("Delete elsewhere", "")
		u.set(1, User{Name: "Eve"}, own...)
		becomes("Set here", "Eve")
		must(t, u.Update(ctx(t), 1, User{Name: "Fay"}))
		becomes("Update here", "Fay")
		must(t, u.rdb.PExpire(ctx(t), u.redisKey(1), 20*time.Millisecond).Err())
		becomes("expired", "")
	})
}

// Modify and UpdateField change what is in Redis now, not what is in memory.
func TestNearCacheModify(t *testing.T) {
	near(t, func(t *testing.T, u users, other *process, own []cache.SetOption) {
		for i := range 20 {
			u.set(1, User{Name: "old"}, own...)
			if _, err := u.Get(ctx(t), 1); err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprint("new", i)
			other.does("update", name)
			calls := 0
			_, err := u.Modify(ctx(t), 1, func(v User) (User, error) {
				if calls++; v.Name != name {
					t.Errorf("Modify sees %q, %q is written", v.Name, name)
				}
				return v, nil
			})
			if err != nil || calls != 1 {
				t.Errorf("Modify: %v after %d calls", err, calls)
			}
		}
	})
}

// A record that is only read from memory stays alive in Redis, and one that is not
// read dies.
func TestNearCacheKeepsAlive(t *testing.T) {
	const life, tolerance = 600 * time.Millisecond, 200 * time.Millisecond
	for name, own := range map[string][]cache.SetOption{
		"policy": nil, "own TTL": {cache.WithTTL(2 * life)},
	} {
		// These two wait at the same time, and no test does that moves the clock of caches.
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			rdb := nearClient(t, s)
			u := mustNew[int64](t, rdb, redistest.UniqueName(t), jsonUsers,
				&cache.Options{TTL: ttl.Active(life, ttl.Tolerance(tolerance))})
			must(t, u.Set(ctx(t), 2, ann, own...))
			for begun := time.Now(); ; {
				must(t, u.Set(ctx(t), 1, ann, own...))
				reads, pause := 0, time.Duration(0)
				sent := redistest.Commands(t, s.Client(t), func() {
					reads, pause = readFor(t, u, 3*life)
				})
				// A machine that is busy with other things may stop the reader for a whole life.
				if pause > life-tolerance && time.Since(begun) < time.Minute {
					t.Logf("again: two reads took %v", pause)
					continue
				}
				if pause > 0 {
					t.Fatalf("the record died in use, of which two reads took %v at most", pause)
				}
				commands := sent["get"] + sent["lrange"] + sent["evalsha"]
				if reads < 2*commands { // most are served from memory
					t.Errorf("%d reads sent %v", reads, sent)
				}
				break
			}
			if _, err := u.Get(ctx(t), 2); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("what nobody read: %v", err)
			}
		})
	}
}

// readFor reads record 1 every millisecond or so. If it dies, died is how long the longest two
// reads in sequence took, from the begin of the first to the end of the second.
func readFor(
	t *testing.T, u *cache.Cache[int64, User], d time.Duration,
) (reads int, died time.Duration) {
	t.Helper()
	begun := time.Now()
	var longest time.Duration
	for last := begun; time.Since(begun) < d; reads++ {
		this := time.Now()
		got, err := u.Get(ctx(t), 1)
		longest, last = max(longest, time.Since(last)), this
		if errors.Is(err, cache.ErrNotFound) {
			return reads, longest
		}
		wantUser(t, got, err, ann)
		time.Sleep(time.Millisecond)
	}
	return reads, 0
}

// Reads that renew each time, and batches, go to the server.
func TestNearCacheMisses(t *testing.T) {
	s := redistest.Standalone(t)
	u := mustNew[int64](t, nearClient(t, s), redistest.UniqueName(t), jsonUsers, active())
	v := mustNew[int64](t, nearClient(t, s), redistest.UniqueName(t), jsonUsers, tolerant())
	must(t, u.SetMany(ctx(t), anns(3)))
	must(t, v.SetMany(ctx(t), anns(3)))
	sent := redistest.Commands(t, s.Client(t), func() {
		for range 10 {
			_, err := u.Get(ctx(t), 1)
			must(t, err)
			_, err = v.GetMany(ctx(t), []int64{0, 1, 2})
			must(t, err)
		}
	})
	if want := map[string]int{"getex": 10, "get": 30}; !maps.Equal(sent, want) {
		t.Errorf("the server counts %v, want %v", sent, want)
	}
}
