package tracking

import (
	"testing"
	"time"
)

// A session that begins on a connection that goes on must not take the echoes of the session before
// for its own: those were published before it began, and a slow connection still has them. A proof
// by them would be one of pushes that have not come yet.
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
		s.stand(send(time.Duration(3+i) * time.Second)) // its reply is there, and no echo yet
		s.echo(echo)                                    // what listen does with any number
	}
	if p := s.Proven(); p != never {
		t.Errorf("proven at %v by echoes from before the session", p)
	}
}
