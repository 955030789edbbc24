package cache_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// If a server lacks a command, the Hook is told, and reads send the same commands as without Near.
func TestNearRenamedCommands(t *testing.T) {
	for _, name := range []string{"client", "eval", "publish", "subscribe", "hello"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, "--rename-command", name, "")
			u, h := toldOfNear(t, s.Client(t), func(told error) bool {
				says := strings.ToLower(told.Error())
				return strings.Contains(says, name) || strings.Contains(says, "unknown")
			})
			u.set(1, ann)
			u.set(2, bob)
			for range 2 {
				sent := redistest.Commands(t, u.rdb, func() {
					got, err := u.Get(ctx(t), 1)
					wantUser(t, got, err, ann)
					_, err = u.GetMany(ctx(t), []int64{1, 2})
					must(t, err)
					got, err = u.GetOrLoad(ctx(t), 1, newSource(nil).user)
					wantUser(t, got, err, ann)
				})
				if want := map[string]int{"get": 4}; !maps.Equal(sent, want) {
					t.Errorf("commands: %v, want %v", sent, want)
				}
			}
			if n := h.count("Near"); n != 1 {
				t.Errorf("the Hook was told %d times, want 1", n)
			}
		})
	}
}

// toldOfNear returns a cache whose Hook has been told once that there are no copies, with a wanted
// error.
func toldOfNear(
	t *testing.T, rdb redis.UniversalClient, wanted func(error) bool,
) (users, *recorder) {
	t.Helper()
	h := &recorder{}
	o := nearWith(cache.Near{})
	o.Hook = h
	u := users{mustNew[int64](t, rdb, "users", jsonUsers, o), t, rdb}
	soon(t, "the Hook is told", func() bool { return h.count("Near") == 1 })
	if err := h.of("Near")[0].Err; !wanted(err) || !strings.Contains(err.Error(), "no copies") {
		t.Errorf("the Hook gets %v", err)
	}
	return u, h
}

// dialTo is a hook of a client that dials another address than that of the options.
type dialTo struct {
	clientHook
	addr string
}

func (d dialTo) DialHook(redis.DialHook) redis.DialHook {
	return func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("tcp", d.addr)
	}
}

// The Hook is also told of a connection that cannot be made.
func TestNearDialHook(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = rdb.Close() })
	rdb.AddHook(dialTo{addr: s.Addr()})
	u, _ := toldOfNear(t, rdb, func(err error) bool {
		return strings.Contains(err.Error(), "127.0.0.1:1")
	})
	u.set(1, ann)
	got, err := u.Get(ctx(t), 1)
	wantUser(t, got, err, ann)
}

// A callback of go-redis that panics or calls runtime.Goexit does not end the process. The Hook is
// told.
func TestNearPanics(t *testing.T) {
	ways := map[string]func(){"panic": func() { panic("on purpose") }, "Goexit": runtime.Goexit}
	for name, way := range ways {
		t.Run("OnConnect/"+name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			var on atomic.Bool
			rdb := s.Client(t, func(o *redis.UniversalOptions) {
				o.OnConnect = func(context.Context, *redis.Conn) error {
					if on.Load() {
						way()
					}
					return nil
				}
			})
			must(t, rdb.Ping(ctx(t)).Err())
			on.Store(true)
			u, _ := toldOfNear(t, rdb, func(err error) bool { return err != nil })
			u.set(1, ann)
		})
		t.Run("hook/"+name, func(t *testing.T) {
			t.Parallel()
			rdb := redistest.Start(t).Client(t)
			rdb.AddHook(clientHook{process: func(
				ctx context.Context, cmd redis.Cmder, next redis.ProcessHook,
			) error {
				if cmd.Name() == "eval" && strings.Contains(cmd.String(), "publish") {
					way()
				}
				return next(ctx, cmd)
			}})
			u, _ := toldOfNear(t, rdb, func(err error) bool {
				return strings.Contains(err.Error(), "has not returned")
			})
			u.set(1, ann)
		})
	}
}

// A client that logs in in OnConnect has copies, and so has a client that cannot be a map key.
func TestNearUnusualClients(t *testing.T) {
	s := redistest.Start(t, "--requirepass", "secret")
	rdb := redis.NewClient(&redis.Options{
		Addr: s.Addr(),
		OnConnect: func(ctx context.Context, cn *redis.Conn) error {
			return cn.Auth(ctx, "secret").Err()
		},
	})
	t.Cleanup(func() { _ = rdb.Close() })
	type tagged struct {
		*redis.Client
		tags any
	}
	for name, client := range map[string]redis.UniversalClient{
		"logs in by OnConnect": rdb, "incomparable": tagged{rdb, []string{"a"}},
	} {
		u, h := nearNamed(t, client, "users", fixed())
		u.set(1, ann)
		u.inMemory(h, "Get", func() {
			got, err := u.Get(ctx(t), 1)
			if wantUser(t, got, err, ann); t.Failed() {
				t.Fatal(name)
			}
		})
	}
}

// A server without memory for writes still proves its copies.
func TestNearWithoutMemory(t *testing.T) {
	s := redistest.Start(t)
	u, h := nearNamed(t, s.Client(t), "users", nearWith(cache.Near{Staleness: minStaleness}))
	u.set(1, ann)
	must(t, s.Client(t).ConfigSet(ctx(t), "maxmemory", "1").Err())
	if err := u.Set(ctx(t), 2, ann); err == nil {
		t.Fatal("a Set succeeds without memory")
	}
	time.Sleep(2 * minStaleness)
	u.inMemory(h, "Get", func() {
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, ann)
	})
}

// If the client is closed before the cache, no connection is left, and none is tried.
func TestNearClientIsClosed(t *testing.T) {
	s := redistest.Start(t)
	rdb, admin := s.Client(t), s.Client(t)
	u := mustNew[int64](t, rdb, "users", jsonUsers, nearWith(cache.Near{Staleness: minStaleness}))
	soon(t, "a proof", func() bool { return u.Stats().Near.ProofAge >= 0 })
	must(t, rdb.Close())
	soon(t, "no connection", func() bool { return trackers(t, admin) == 0 })
	before := u.Stats().Near.Connects
	time.Sleep(5 * minStaleness)
	if n := u.Stats().Near.Connects - before; n != 0 {
		t.Errorf("%d connections were made", n)
	}
	if _, err := u.Get(ctx(t), 1); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("Get: %v", err)
	}
}

// A later cache with a shorter Staleness gets its proofs in time.
func TestNearLesserStaleness(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	_, _ = nearNamed(t, rdb, "users", nearWith(cache.Near{Staleness: hour}))
	u, _ := nearNamed(t, rdb, "users", nearWith(cache.Near{Staleness: minStaleness}))
	u.set(1, ann)
	for range 3 {
		soon(t, "a proof", func() bool { return u.Stats().Near.ProofAge < minStaleness })
		time.Sleep(minStaleness)
	}
	hits := u.Stats().Near.Hits
	soon(t, "a hit", func() bool {
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, ann)
		return u.Stats().Near.Hits > hits
	})
}

// A read that memory does not answer is no hit.
func TestNearCountsHits(t *testing.T) {
	u, h := nearNamed(t, redistest.Start(t).Client(t), "users", fixed())
	u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), 1) }) // the record does not exist
	before := u.Stats().Near
	failing := func(context.Context, int64) (User, error) {
		return User{}, errors.New("no database")
	}
	_, err := u.GetOrLoad(ctx(t), 1, failing)
	if s := u.Stats().Near; err == nil || s.Hits != before.Hits || s.Misses != before.Misses+1 {
		t.Errorf("%v; stats before %+v, after %+v", err, before, s)
	}
}

// A value from memory has its own outcome, also in a batch. A known absence in memory is a miss.
func TestNearOutcomes(t *testing.T) {
	u, h := nearNamed(t, redistest.Start(t).Client(t), "users",
		&cache.Options{TTL: ttl.Fixed(hour), Load: cache.LoadConfig{Absent: hour}})
	u.set(1, ann)
	u.set(2, bob)
	s := newSource(map[int64]User{})
	_, _ = u.GetOrLoad(ctx(t), 3, s.user) // the source has no record 3
	for want, read := range map[string]func(){
		"Get: near_hit (1 near_hit)": func() { _, _ = u.Get(ctx(t), 1) },
		"Get: miss (1 miss)":         func() { _, _ = u.Get(ctx(t), 3) },
		"GetMany: near_hit (2 near_hit)": func() {
			_, _ = u.GetMany(ctx(t), []int64{1, 2, 1})
		},
		"GetMany: partial (1 near_hit, 1 miss)": func() {
			_, _ = u.GetMany(ctx(t), []int64{1, 3})
		},
		"GetOrLoad: near_hit (1 near_hit)": func() { _, _ = u.GetOrLoad(ctx(t), 1, s.user) },
		"GetOrLoad: absent (1 absent)":     func() { _, _ = u.GetOrLoad(ctx(t), 3, s.user) },
		"GetOrLoadMany: near_hit (2 near_hit)": func() {
			_, _ = u.GetOrLoadMany(ctx(t), []int64{1, 2}, s.users)
		},
		"GetOrLoadMany: absent (1 absent)": func() {
			_, _ = u.GetOrLoadMany(ctx(t), []int64{3}, s.users)
		},
		"GetOrLoadMany: partial (1 near_hit, 1 absent)": func() {
			_, _ = u.GetOrLoadMany(ctx(t), []int64{1, 3}, s.users)
		},
	} {
		kind, _, _ := strings.Cut(want, ":")
		u.inMemory(h, kind, read)
		if got := outcomes(h.of(kind)[0]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
