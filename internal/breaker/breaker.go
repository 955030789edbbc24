// Package breaker remembers which servers do not answer, so that not every caller has to wait for
// them. It knows no Redis.
package breaker

import (
	"sync"
	"sync/atomic"
	"time"
)

// Window is how long a server counts as out before one caller tries it again.
const Window = 200 * time.Millisecond

// forgotten is how long a server that nobody tries again is remembered.
const forgotten = time.Minute

// Breaker is the circuit breakers of the servers S of one client. It is safe for concurrent use.
type Breaker[S comparable] struct {
	begun time.Time
	out   atomic.Int32 // how many servers are out

	mu      sync.Mutex
	servers map[S]*outage
}

type outage struct {
	next time.Duration // when the server is tried again
	err  error         // why it is out
}

// New returns a Breaker for which no server is out.
func New[S comparable]() *Breaker[S] {
	return &Breaker[S]{begun: time.Now(), servers: map[S]*outage{}}
}

// now returns the time since New. It has its own Skip, separate from that of package recent, which
// tests of records use.
func (b *Breaker[S]) now() time.Duration {
	return time.Since(b.begun) + time.Duration(skipped.Load())
}

var skipped atomic.Int64

// Skip moves the clocks of all Breakers forward by d. It is for tests that do not wait.
func Skip(d time.Duration) { skipped.Add(int64(d)) }

// Closed reports whether no server is out. Then callers need not call Allow.
func (b *Breaker[S]) Closed() bool { return b.out.Load() == 0 }

// Allow returns nil if a command may be sent to a server, or why the server is out. While it is
// out, one command in each Window may be sent.
func (b *Breaker[S]) Allow(server S) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, o := b.now(), b.servers[server]
	if o == nil {
		b.forget(now) // so that Closed becomes true if the servers that are out have left
		return nil
	}
	if now >= o.next {
		o.next = now + Window
		return nil
	}
	return o.err
}

// IsOut reports whether a server is out.
func (b *Breaker[S]) IsOut(server S) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.servers[server] != nil
}

// Out says that a server did not answer. It reports whether the server was not out before.
func (b *Breaker[S]) Out(server S, err error) (news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.forget(now)
	o := b.servers[server]
	if news = o == nil; news {
		o = &outage{}
		b.servers[server] = o
	}
	o.next, o.err = now+Window, err
	b.out.Store(int32(len(b.servers)))
	return news
}

// forget forgets servers that nobody tries again. The breaker must be locked.
func (b *Breaker[S]) forget(now time.Duration) {
	for s, o := range b.servers {
		if now-o.next > forgotten {
			delete(b.servers, s)
		}
	}
	b.out.Store(int32(len(b.servers)))
}

// Well says that a server has answered. It is no longer out.
func (b *Breaker[S]) Well(server S) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.servers, server)
	b.out.Store(int32(len(b.servers)))
}
