package tracking

import (
	"testing"
	"time"
)

// After void, a new session uses the same connection. It must not accept echoes of the session
// before. Those were published before it began, but a slow connection may deliver them later. A
// proof from them would cover pushes that have not come yet.
func TestEchoesOfTheSessionBefore(t *testing.T) {
	l := &link{Tracker: &Tracker{}}
	l.session.Store(newSession([]string{"users:"}))
	send := func(at time.Duration) uint64 {
		n := l.numbers.Add(1)
		l.session.Load().send(n, at)
		return n
	}
	echoes := []uint64{send(1 * time.Second), send(2 * time.Second)}

	l.void() // FLUSHALL, or a change of the layout
	s := l.session.Load()
	for i, echo := range echoes {
		s.sameLayout(send(time.Duration(3+i) * time.Second)) // it has its reply, and no echo yet
		s.echo(echo)                                         // what listen does with any number
	}
	if p := s.Proven(); p != never {
		t.Errorf("proven at %v by echoes from before the session", p)
	}
}
