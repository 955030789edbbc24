// Package cachetest gives tests a cache over miniredis, and the time.
//
//	users, srv := cachetest.New[int64](t, "users", codec.JSON[User]{}, nil)
//	… // the code under test takes users, or makes its own cache on srv.Client
//	srv.Advance(time.Hour)
//	srv.Fail(nil) // and what does it do without Redis?
//
// In a testing/synctest bubble, time.Sleep lets the time pass as well.
//
// miniredis is not Redis: it knows no eviction and no functions, and one server
// stands for a whole cluster. It does not track keys, so that a cache with
// Options.Near keeps no copies there.
package cachetest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/breaker"
	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/recent"
)

// Server is a Redis of the test's own, in the test's process and memory. It uses
// no network, and is gone at the test's end.
type Server struct {
	// Client is connected to the server. It is closed at the test's end.
	Client redis.UniversalClient

	// Miniredis is the server itself, for tests that want to look into it.
	Miniredis *miniredis.Miniredis

	bubble bool
	now    time.Time
	fault  fault
}

// New returns a cache made by cache.New with these arguments on a new server,
// and the server. The test fails if cache.New does. The cache is closed at the
// test's end.
func New[K comparable, V any](
	tb testing.TB, name string, c codec.Codec[V], o *cache.Options,
) (*cache.Cache[K, V], *Server) {
	tb.Helper()
	srv := NewServer(tb)
	users, err := cache.New[K](srv.Client, name, c, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = users.Close() })
	return users, srv
}

// NewServer returns an empty server, for a test with several caches. In a
// synctest bubble its clock is the bubble's. Otherwise its clock stands still at
// the present until Advance moves it, so that a slow machine expires nothing.
func NewServer(tb testing.TB) *Server {
	tb.Helper()
	srv := &Server{Miniredis: miniredis.NewMiniRedis(), bubble: inBubble(), now: time.Now()}
	if !srv.bubble {
		srv.Miniredis.SetTime(srv.now)
	}
	srv.Miniredis.ClockTTL(true)
	client := redis.NewClient(&redis.Options{
		Addr:                  "miniredis",
		Dialer:                minipipe.Dialer(srv.Miniredis),
		ContextTimeoutEnabled: true,
		// Without this go-redis asks the DNS for the address, which also ends a second bubble.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	client.AddHook(&srv.fault)
	srv.Client = client
	tb.Cleanup(func() {
		_ = client.Close()
		srv.Miniredis.Close()
	})
	return srv
}

// Advance lets the time pass: every record that nobody uses for d ages by d. In a
// synctest bubble it is time.Sleep. It is not for concurrent use.
func (s *Server) Advance(d time.Duration) {
	if s.bubble {
		time.Sleep(d)
		return
	}
	s.now = s.now.Add(d)
	s.Miniredis.SetTime(s.now)
	recent.Skip(d)
	breaker.Skip(d)
}

// inBubble reports whether the caller runs in a synctest bubble. Nothing tells but
// what Wait says when it is called outside of one; inside, it may panic as well, if
// another goroutine waits already.
func inBubble() (in bool) {
	defer func() {
		in = !strings.Contains(fmt.Sprint(recover()), "not in a bubble")
	}()
	synctest.Wait()
	return true
}
