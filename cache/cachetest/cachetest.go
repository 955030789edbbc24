// Package cachetest gives tests a cache over an in-memory Redis server, miniredis. Tests can move
// its clock and make it fail:
//
//	users, srv := cachetest.New[int64](t, "users", codec.JSON[User]{}, nil)
//	srv.Advance(time.Hour)                  // an hour passes
//	srv.Fail(nil)                           // Redis cannot be reached, until srv.Recover()
//	load, calls := cachetest.Count(db.User) // calls() is how often the loader ran
//
// Code under test takes users, or makes its own cache with srv.Client. In a testing/synctest
// bubble, time.Sleep also lets the time of the server pass.
//
// miniredis is not Redis:
//
//   - It does not evict, and has no functions.
//   - One server plays a whole cluster.
//   - It does not track keys, so a cache with Options.Near keeps no copies there.
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

// Server is a Redis server in the memory of the test's process. It uses no network, and stops when
// the test ends. [NewServer] and [New] return one; the zero Server is not valid.
type Server struct {
	// Client is connected to the server. It is closed when the test ends.
	Client redis.UniversalClient

	// Miniredis is the server itself, for tests that look at its keys or change its settings.
	Miniredis *miniredis.Miniredis

	bubble bool
	now    time.Time
	fault  fault
}

// New returns a new server, and a cache that cache.New made on it with these arguments. If
// cache.New returns an error, New fails the test with tb.Fatal. The cache is closed when the test
// ends.
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

// NewServer returns an empty server, for a test with several caches. In a synctest bubble it uses
// the clock of the bubble. Outside a bubble its clock starts at the present and stops until Advance
// moves it. So nothing expires because a machine is slow.
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
		// Otherwise go-redis looks the address up in the DNS, which makes a second bubble fail.
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

// Advance moves the clock of the server forward by d. In a synctest bubble it is time.Sleep. It is
// not safe for concurrent use.
//
// Outside a bubble it also moves two clocks that all caches of the process share. They decide how
// long a process trusts what it knows about records and outages. So caches in parallel tests may
// send more commands. No record of theirs expires.
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

// inBubble reports whether the caller runs in a synctest bubble. The only sign is the text with
// which Wait panics outside a bubble. Inside, Wait may panic with another text, if another
// goroutine waits already.
func inBubble() (in bool) {
	defer func() {
		in = !strings.Contains(fmt.Sprint(recover()), "not in a bubble")
	}()
	synctest.Wait()
	return true
}
