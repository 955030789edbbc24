package tracking

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Session is a period in which everything from one server was heard, without a gap. It is safe for
// concurrent use.
type Session struct {
	proven   atomic.Int64 // as a time.Duration of the Tracker's clock
	prefixes []string     // of the keys that are pushed

	mu       sync.Mutex
	pending  map[uint64]canary // canaries in flight
	heard    time.Duration     // when the last canary that was heard was sent
	anything bool              // a canary was heard
}

// canary is a canary in flight.
type canary struct {
	sent       time.Duration
	proves     time.Duration // what its echo proves, or never
	echoed     bool
	sameLayout bool // the layout was still the same
}

// never is a time before all proofs.
const never = time.Duration(math.MinInt64)

func newSession(prefixes []string) *Session {
	s := &Session{prefixes: prefixes, pending: map[uint64]canary{}}
	s.proven.Store(int64(never))
	return s
}

// Proven returns the time of the last proof. Every write to the keys of the session that was
// acknowledged before that time has been heard of.
func (s *Session) Proven() time.Duration { return time.Duration(s.proven.Load()) }

// Proves reports whether there is a proof that is at most age old.
func (s *Session) Proves(now, age time.Duration) bool {
	proven := s.proven.Load()
	return proven >= int64(now-age)
}

// covers reports whether the session hears of all keys with a prefix.
func (s *Session) covers(prefix string) bool {
	return slices.ContainsFunc(s.prefixes, func(p string) bool {
		return strings.HasPrefix(prefix, p)
	})
}

// void takes back all proofs, since keys may have changed without a push of their own.
func (s *Session) void() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = nil
	s.proven.Store(int64(never))
}

// send says that a canary is sent now. Its number must be unique across all sessions, since an echo
// may come late.
func (s *Session) send(n uint64, now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		return
	}
	c := canary{sent: now, proves: never}
	if s.anything {
		c.proves = s.heard
	}
	s.pending[n] = c
}

// echo says that the echo of a canary was heard. sameLayout says that the layout was still the same
// after it. Both are needed for a proof.
func (s *Session) echo(n uint64)       { s.take(n, func(c *canary) { c.echoed = true }) }
func (s *Session) sameLayout(n uint64) { s.take(n, func(c *canary) { c.sameLayout = true }) }

func (s *Session) take(n uint64, note func(*canary)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.pending[n]
	if !ok {
		return
	}
	note(&c)
	s.pending[n] = c
	if !c.echoed || !c.sameLayout {
		return
	}
	for m := range s.pending {
		if m <= n {
			delete(s.pending, m)
		}
	}
	if !s.anything || c.sent > s.heard {
		s.anything, s.heard = true, c.sent
	}
	if int64(c.proves) > s.proven.Load() {
		s.proven.Store(int64(c.proves))
	}
}

// quiet reports whether no canary is in flight.
func (s *Session) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending) == 0
}
