package cache_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// New names what is wrong with Near.
func TestNearBadOptions(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer rdb.Close()
	caching := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Protocol: 3,
		ClientSideCacheConfig: &redis.ClientSideCacheConfig{}})
	defer caching.Close()
	for name, tt := range map[string]struct {
		rdb  redis.UniversalClient
		o    cache.Options
		says string
	}{
		"plain Active": {rdb, cache.Options{TTL: ttl.Active(hour), Near: &cache.Near{}},
			"ttl.Tolerance"},
		"Active with a Refresh only": {rdb, cache.Options{
			TTL:  ttl.Active(hour, ttl.MaxAge(2*hour), ttl.Refresh(time.Minute)),
			Near: &cache.Near{}},
			"ttl.Tolerance"},
		"short Staleness": {rdb, *nearWith(cache.Near{Staleness: 99 * time.Millisecond}), "100ms"},
		"negative Staleness": {rdb, *nearWith(cache.Near{Staleness: -1}),
			"Options.Near.Staleness"},
		"negative MaxBytes": {rdb, *nearWith(cache.Near{MaxBytes: -1}), "Options.Near.MaxBytes"},
		"long Staleness":    {rdb, *nearWith(cache.Near{Staleness: 9000 * hour}), "8760h0m0s"},
		"negative StaleOnOutage": {rdb, *nearWith(cache.Near{StaleOnOutage: -1}),
			"Options.Near.StaleOnOutage"},
		"short StaleOnOutage": {rdb, *nearWith(cache.Near{StaleOnOutage: time.Second}),
			"Options.Near.StaleOnOutage"},
		"client with a cache":        {caching, *nearWith(cache.Near{}), "Options.Near"},
		"client with a cache, plain": {caching, *fixed(), "Options.Near"},
	} {
		_, err := cache.New[int64](tt.rdb, "users", jsonUsers, &tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.says) ||
			!strings.Contains(err.Error(), "users") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func nearWith(n cache.Near) *cache.Options {
	o := fixed()
	o.Near = &n
	return o
}

// If the server does not track keys, the Hook is told once, and all reads ask Redis. The Hook may
// close the cache.
func TestNearRefused(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		if b.Mini == nil {
			t.Skip("see TestNearACL")
		}
		h := &recorder{}
		o := nearly(fixed())
		o.Hook = h
		u := newUsers(t, b, o)
		soon(t, "the Hook is told", func() bool { return h.count("Near") == 1 })
		if err := h.of("Near")[0].Err; err == nil || !strings.Contains(err.Error(), "no copies") {
			t.Errorf("the Hook gets %v", err)
		}
		for i := range 20 {
			want := User{Name: fmt.Sprint(i)}
			u.set(1, want)
			must(t, b.Client.Set(ctx(t), u.redisKey(2), `{"name":"`+want.Name+`"}`, hour).Err())
			for id := range int64(2) {
				got, err := u.Get(ctx(t), id+1)
				if err != nil || got.Name != want.Name {
					t.Errorf("read %v, %v, want %v", got, err, want)
				}
			}
		}
		if s := u.Stats().Near; s.Hits != 0 || s.ProofAge != -1 || s.Entries != 0 {
			t.Errorf("stats: %+v", s)
		}
		if n := h.count("Near"); n != 1 {
			t.Errorf("the Hook was told %d times, want 1", n)
		}

		closing := &callHook{moment: "Near start"}
		var other *cache.Cache[int64, User]
		made, closed := make(chan struct{}), make(chan struct{})
		closing.call = func(context.Context) {
			<-made
			_ = other.Close()
			close(closed)
		}
		o.Hook = closing
		other = mustNew[int64](t, b.NewClient(t), u.Name(), jsonUsers, o)
		close(made)
		<-closed
	})
}

// A user without one of the permissions gets no copies, and still gets right values.
func TestNearACL(t *testing.T) {
	s := redistest.Start(t)
	admin := s.Client(t)
	all := []string{"~users:*", "~users!*", "&users!near*", "+client|tracking",
		"+subscribe", "+publish", "+eval", "+evalsha", "+get", "+set", "+unlink", "+@read",
		"+@write", "+time", "+ping", "+type"}
	lacks := func(without string) *redis.Client {
		args := []any{"acl", "setuser", "u" + without, "reset", "on", ">secret"}
		for _, rule := range all {
			if rule != without {
				args = append(args, rule)
			}
		}
		must(t, admin.Do(ctx(t), args...).Err())
		return s.Client(t, func(o *redis.UniversalOptions) {
			o.Username, o.Password = "u"+without, "secret"
		})
	}
	u, h := nearNamed(t, lacks(""), "users", fixed())
	u.set(1, ann)
	u.inMemory(h, "Get", func() {
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, ann)
	})
	must(t, u.Close())
	if n := h.count("Near"); n != 0 {
		t.Errorf("the Hook was told %d times, want 0", n)
	}
	for _, rule := range []string{"+client|tracking", "+subscribe", "+publish", "&users!near*",
		"~users!*"} {
		t.Run(rule, func(t *testing.T) {
			h := &recorder{}
			o := nearly(fixed())
			o.Hook = h
			u := mustNew[int64](t, lacks(rule), "users", jsonUsers, o)
			soon(t, "the Hook is told", func() bool { return h.count("Near") == 1 })
			if err := h.of("Near")[0].Err; !denied(err) {
				t.Errorf("the Hook gets %v", err)
			}
			for range 3 {
				got, err := u.Get(ctx(t), 1)
				wantUser(t, got, err, ann)
			}
			if s := u.Stats().Near; s.Hits != 0 {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}
