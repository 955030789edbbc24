package cachetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type Session struct{ User string }

// lives checks that a record expires an hour after its last read, and under a MaxAge after two
// hours. pass lets the time pass.
func lives(
	t *testing.T, srv *cachetest.Server, sessions *cache.Cache[string, Session],
	pass func(time.Duration),
) {
	t.Helper()
	ctx := t.Context()
	aged, err := cache.New[string](srv.Client, "aged", codec.JSON[Session]{}, &cache.Options{
		TTL: ttl.Active(time.Hour, ttl.MaxAge(2*time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(c *cache.Cache[string, Session], alive bool) {
		t.Helper()
		_, err := c.Get(ctx, "s1")
		if alive && err != nil || !alive && !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("%s: Get = %v, want a record: %v", c.Name(), err, alive)
		}
	}
	for _, c := range []*cache.Cache[string, Session]{sessions, aged} {
		if err := c.Set(ctx, "s1", Session{"ann"}); err != nil {
			t.Fatal(err)
		}
	}
	pass(50 * time.Minute)
	check(sessions, true)
	check(aged, true)
	pass(50 * time.Minute)
	check(sessions, true)
	check(aged, true)
	pass(20*time.Minute - time.Millisecond)
	check(aged, true)
	pass(time.Millisecond)
	check(aged, false)
	check(sessions, true)
	pass(time.Hour)
	check(sessions, false)
}

func TestAdvance(t *testing.T) {
	sessions, srv := cachetest.New[string](t, "sessions", codec.JSON[Session]{}, nil)
	lives(t, srv, sessions, srv.Advance)
}

func TestBubble(t *testing.T) {
	for name, pass := range map[string]func(srv *cachetest.Server) func(time.Duration){
		"Sleep":   func(*cachetest.Server) func(time.Duration) { return time.Sleep },
		"Advance": func(srv *cachetest.Server) func(time.Duration) { return srv.Advance },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sessions, srv := cachetest.New[string](t, "sessions", codec.JSON[Session]{}, nil)
				lives(t, srv, sessions, pass(srv))
			})
		})
	}
}

// A bubble must not use anything that another bubble created.
func TestBubbles(t *testing.T) {
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			sessions, _ := cachetest.New[string](t, "sessions", codec.JSON[Session]{},
				&cache.Options{AutoPipeline: true})
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					if err := sessions.Set(t.Context(), "s1", Session{"ann"}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

// Without a bubble the clock stands still, so nothing expires in a slow test.
func TestClockStandsStill(t *testing.T) {
	sessions, srv := cachetest.New[string](t, "sessions", codec.JSON[Session]{},
		&cache.Options{TTL: ttl.Fixed(time.Millisecond)})
	ctx := context.Background()
	if err := sessions.Set(ctx, "s1", Session{"ann"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	if _, err := sessions.Get(ctx, "s1"); err != nil {
		t.Errorf("a record expired without Advance: %v", err)
	}
	srv.Advance(time.Millisecond)
	if _, err := sessions.Get(ctx, "s1"); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("after Advance, Get = %v", err)
	}
}

// The batch is larger than the buffers of the in-memory connection.
func TestLargeBatch(t *testing.T) {
	sessions, _ := cachetest.New[string](t, "sessions", codec.JSON[Session]{}, nil)
	many := map[string]Session{}
	for i := range 5000 {
		many[time.Duration(i).String()] = Session{User: "a user with a name that takes some room"}
	}
	if err := sessions.SetMany(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	if n, err := sessions.Len(t.Context()); n != len(many) || err != nil {
		t.Errorf("Len = %d, %v, want %d", n, err, len(many))
	}
}

// Miniredis can return an error of Redis. Get then fails, and not with a miss.
func TestServerFails(t *testing.T) {
	sessions, srv := cachetest.New[string](t, "sessions", codec.JSON[Session]{}, nil)
	srv.Miniredis.SetError("LOADING Redis is loading the dataset in memory")
	defer srv.Miniredis.SetError("")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := sessions.Get(ctx, "s1"); err == nil || errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Get of a server that fails = %v", err)
	}
}
