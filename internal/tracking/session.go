package tracking

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Session is what was heard of one server without a gap. It is safe for concurrent use.
type Session struct {
	proven   atomic.Int64 // as a time.Duration of the Tracker's clock
	prefixes []string     // of the keys that are heard of

	mu       sync.Mutex
	pending  map[uint64]canary // that are under way
	heard    time.Duration     // when the last canary that was heard had been sent
	anything bool              // a canary was heard
}

// canary is a canary under way.
type canary struct {
	sent   time.Duration
	proves time.Duration // what its echo proves, or never
	echoed bool
	stands bool // the layout was the same when it was sent
}

// never is a time before all proofs.
const never = time.Duration(math.MinInt64)

func newSession(prefixes []string) *Session {
	s := &Session{prefixes: prefixes, pending: map[uint64]canary{}}
	s.proven.Store(int64(never))
	return s
}

// Proven returns the time of the last proof: every write that was acknowledged before then, of the
// keys of the session, has been heard of.
func (s *Session) Proven() time.Duration { return time.Duration(s.proven.Load()) }

// Proves reports whether there is a proof that is at most age old.
func (s *Session) Proves(now, age time.Duration) bool {
	proven := s.proven.Load()
	return proven >= int64(now-age)
}

// covers reports whether the session hears of keys with a prefix.
func (s *Session) covers(prefix string) bool {
	return slices.ContainsFunc(s.prefixes, func(p string) bool {
		return strings.HasPrefix(prefix, p)
	})
}

// void takes all proofs back: keys were changed that were not named.
func (s *Session) void() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = nil
	s.proven.Store(int64(never))
}

// send is told that a canary is sent now. No other one may have its number, in no session: its echo
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

// echo takes the echo of a canary. stand is told that the layout was still the same behind it.
// Both together are the proof.
func (s *Session) echo(n uint64)  { s.take(n, func(c *canary) { c.echoed = true }) }
func (s *Session) stand(n uint64) { s.take(n, func(c *canary) { c.stands = true }) }

func (s *Session) take(n uint64, note func(*canary)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.pending[n]
	if !ok {
		return
	}
	note(&c)
	s.pending[n] = c
	if !c.echoed || !c.stands {
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

// settled reports whether no canary is under way.
func (s *Session) settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending) == 0
}
