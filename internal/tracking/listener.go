package tracking

import (
	"context"
	"time"

	"github.com/activettl/rediscache/internal/recent"
)

// Listener hears of writes until it leaves. It is safe for concurrent use.
type Listener struct {
	Handler
	tracker *Tracker

	// guarded by the Tracker's mutex
	toldRefused bool
	left        bool
	last        bool // it was the last one to leave
}

// Handler says what to listen for.
type Handler struct {
	Prefix    string           // of the keys: the name of a cache and a colon
	Canary    string           // the beginning of the names of canaries
	Staleness time.Duration    // how old a proof may be
	Changed   func(key string) // called for each key; for keys of one server, one at a time
	Refused   func(err error)  // called once with the reason if the link does not work
}

// Leave ends listening. If nobody else listens, it ends all connections. It waits for that, at most
// until ctx ends.
func (l *Listener) Leave(ctx context.Context) error {
	t := l.tracker
	if !t.leave(l) {
		return nil
	}
	t.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.done.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Session returns the session of the primary that holds a key, or nil if there is none.
func (l *Listener) Session(ctx context.Context, key string) *Session {
	t := l.tracker
	link := (*t.links.Load())[t.wire.Owner(ctx, key)]
	if link == nil {
		t.relink()
		return nil
	}
	s := link.session.Load()
	if s == nil || !s.covers(l.Prefix) {
		return nil
	}
	return s
}

// Hears reports whether there is a session of any server.
func (l *Listener) Hears() bool { return l.tracker.open.Load() > 0 }

// Clock returns the clock of proofs.
func (l *Listener) Clock() recent.Clock { return l.tracker.Clock }

// Stats counts connections and how their sessions ended.
type Stats struct {
	Connects int64         // connections that were made
	Flushes  int64         // sessions that ended while their connection went on
	Losses   int64         // sessions that ended with their connection
	Moves    int64         // sessions that ended since the server is no longer a primary
	Proven   time.Duration // age of the last proof of the worst server; -1 if one has no proof
}

// Stats returns the stats of the Tracker.
func (l *Listener) Stats() Stats {
	t := l.tracker
	s := Stats{
		Connects: t.connects.Load(), Flushes: t.flushes.Load(), Losses: t.losses.Load(),
		Moves: t.moves.Load(), Proven: -1,
	}
	for _, link := range *t.links.Load() {
		session := link.session.Load()
		if session == nil || !session.covers(l.Prefix) || session.Proven() == never {
			s.Proven = -1
			break
		}
		s.Proven = max(s.Proven, t.Clock.Now()-session.Proven())
	}
	return s
}

// Invalidate tells all listeners in this process that the process writes a key, or has written it.
func (l *Listener) Invalidate(key string) { l.tracker.dispatch(key) }
