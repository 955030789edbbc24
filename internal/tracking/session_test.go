package tracking

import (
	"slices"
	"testing"
	"time"
)

// Say that canary m is the last one heard before canary n is sent. Then the echo of n proves the
// time at which m was sent. If no canary was heard before n was sent, its echo proves nothing.
func TestProofs(t *testing.T) {
	const none = -1
	for name, steps := range map[string][]struct {
		do   string // what happens in this millisecond
		n    uint64
		want int // the proof afterwards, in ms
	}{
		"one after another": {{"send", 1, none}, {"echo", 1, none}, {"layout", 1, none},
			{"send", 2, none}, {"layout", 2, none}, {"echo", 2, 0}, {"send", 3, 0}, {"echo", 3, 0},
			{"layout", 3, 3}},
		"the layout is not known": {
			{"send", 1, none}, {"echo", 1, none}, {"send", 2, none}, {"echo", 2, none},
		},
		"two on their way": {
			{"send", 1, none}, {"send", 2, none}, {"heard", 1, none}, {"heard", 2, none},
			{"send", 3, none}, {"heard", 3, 1},
		},
		"one that is lost": {
			{"send", 1, none}, {"heard", 1, none}, {"send", 2, none}, {"send", 3, none},
			{"heard", 3, 0}, {"heard", 2, 0},
		},
		"a proof never grows older": {
			{"send", 1, none}, {"heard", 1, none}, {"send", 2, none}, {"heard", 2, 0},
			{"send", 3, 0}, {"send", 4, 0}, {"heard", 4, 2}, {"heard", 3, 2},
		},
		"twice":                   {{"send", 1, none}, {"heard", 1, none}, {"heard", 1, none}},
		"one that was never sent": {{"heard", 7, none}, {"send", 1, none}, {"heard", 1, none}},
		"nothing after a void": {
			{"send", 1, none}, {"heard", 1, none}, {"send", 2, none}, {"void", 0, none},
			{"heard", 2, none}, {"send", 3, none}, {"heard", 3, none},
		},
		"a void takes a proof back": {
			{"send", 1, none}, {"heard", 1, none}, {"send", 2, none}, {"heard", 2, 0},
			{"void", 0, none},
		},
		"an echo of an earlier number": {
			{"send", 1, none}, {"send", 2, none}, {"heard", 2, none}, {"heard", 1, none},
			{"send", 3, none}, {"heard", 3, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(nil)
			for i, step := range steps {
				switch step.do {
				case "send":
					s.send(step.n, time.Duration(i)*time.Millisecond)
				case "echo":
					s.echo(step.n)
				case "layout":
					s.sameLayout(step.n)
				case "heard":
					s.echo(step.n)
					s.sameLayout(step.n)
				case "void":
					s.void()
				}
				want := time.Duration(step.want) * time.Millisecond
				if step.want == none {
					want = never
				}
				if got := s.Proven(); got != want {
					t.Errorf("after step %d the proof is of %v, want %v", i, got, want)
				}
				if s.Proves(time.Hour, time.Hour-want) != (want != never) && want != never {
					t.Errorf("after step %d it does not prove %v", i, want)
				}
				if s.Proves(time.Hour, time.Hour-want-1) && want != never {
					t.Errorf("after step %d it proves more than %v", i, want)
				}
			}
		})
	}
}

// A new session has no proof, even for a very large age.
func TestNoProof(t *testing.T) {
	s := newSession([]string{"users:"})
	if s.Proves(0, time.Duration(1<<62)) || s.Proves(time.Hour, 0) {
		t.Error("there is a proof")
	}
	if !s.covers("users:") || s.covers("users2:") || s.covers("user") {
		t.Error("it covers other keys")
	}
}

// prefixes leaves out prefixes that begin with another one.
func TestOutermost(t *testing.T) {
	tr := &Tracker{listeners: map[string][]*Listener{}}
	for _, p := range []string{"users:", "users2:", "a/users:", "us:", "a:"} {
		tr.listeners[p] = []*Listener{{}}
	}
	got, _ := tr.prefixes()
	if want := []string{"a/users:", "a:", "us:", "users2:", "users:"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
