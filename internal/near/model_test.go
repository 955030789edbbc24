package near

import (
	"testing"

	"github.com/activettl/rediscache/internal/interleave"
)

// The model of a copy runs on one key and tries every order of steps. The steps are those of a read
// that is kept, a write of another process, a write of this process, canaries, pushes, and a broken
// connection. It checks the rules of this package and of tracking, and not their code.

// rule is a rule that the model can do without. The zero rule is none.
type rule int

const (
	_ rule = iota

	markedOnly  // a fetch whose mark is gone is not kept
	ownAfter    // a write of this process removes the mark and the copy after its reply
	joinClean   // a fetch that has lost its mark is not joined
	proofFirst  // a read checks the proof before the copy
	lagOne      // an echo proves the time at which the previous canary was sent
	sameSession // proofs and copies count only in their own session
	voids       // a FLUSHALL ends the session
)

func (r rule) String() string {
	return [...]string{
		"all rules", "marks", "own writes drop afterwards", "only clean fetches are joined",
		"proof before copy", "lag one", "sessions", "a flush ends the session"}[r]
}

// copying is the model. A Session lasts until the connection breaks. The connection breaks at most
// once.
type copying struct{ without rule }

// Places of a fetch, a write and a read.
const (
	idle uint8 = iota
	sent
	executed
	over
)

type fetchModel struct {
	place   uint8
	old     bool // it has read the old value
	clean   bool // it still has its mark
	session uint8
	after   bool // its caller began after the write of this process was acknowledged
}

// canaryModel is one of two canaries. The second is sent after the echo of the first.
type canaryModel struct {
	place   uint8
	after   bool // it was sent after the other process's write was acknowledged
	session uint8
}

type copyState struct {
	old      bool // the server holds the old value
	other    uint8
	own      uint8
	fetch    fetchModel
	canaries [2]canaryModel
	session  uint8 // the current one, counted from 1
	memory   bool  // there is a copy
	stale    bool  // the copy has the old value
	of       uint8 // the session of the copy

	// What the server pushes in this turn of its event loop, and what it has pushed. These are
	// bits, since a turn may push in any order.
	turn, pushed uint8

	proven [3]bool // by session: a time after the acknowledgement is proven
	looked bool    // a caller has found the first of proof and copy
}

const (
	key uint8 = 1 << iota
	echo1
	echo2
	all
)

func (m copying) has(r rule) bool { return m.without != r }

func (m copying) Begin() []copyState { return []copyState{{old: true, session: 1}} }

func (m copying) Next(s copyState) (steps []interleave.Step[copyState]) {
	to := func(label string, n copyState) {
		steps = append(steps, interleave.Step[copyState]{Label: label, To: n})
	}
	bad := func(label, what string) {
		steps = append(steps, interleave.Step[copyState]{Label: label, To: s, Bad: what})
	}
	m.write(s, to)
	m.fetch(s, to, bad)
	m.canary(s, to)
	m.push(s, to)
	m.read(s, to, bad)
	if s.session == 1 {
		n := s
		n.session, n.turn, n.pushed = 2, 0, 0
		to("the connection breaks, and another one is made", n)
	}
	return steps
}

// drop forgets the copy and removes the mark.
func (s *copyState) drop() { s.memory, s.fetch.clean = false, false }

// write is the next step of a write of another process (or a FLUSHALL), and of a write of this
// process.
func (m copying) write(s copyState, to func(string, copyState)) {
	switch n := s; s.other {
	case idle:
		n.other, n.old = executed, false
		n.turn |= key
		to("another process writes", n)
		n = s
		n.other, n.old = executed, false
		n.turn |= all
		to("another process flushes", n)
	case executed:
		n.other = over
		to("its write is acknowledged", n)
	}
	switch n := s; s.own {
	case idle:
		n.own = sent
		n.drop()
		to("an own write is sent", n)
	case sent:
		n.own, n.old = executed, false
		n.turn |= key
		to("the own write is executed", n)
	case executed:
		n.own = over
		if m.has(ownAfter) {
			n.drop()
		}
		to("the own write is acknowledged", n)
	}
}

// fetch is the next step of a read that may be kept. Another caller may join it.
func (m copying) fetch(
	s copyState, to func(string, copyState), bad func(string, string),
) {
	f := s.fetch
	n := s
	switch f.place {
	case idle:
		n.fetch = fetchModel{place: sent, clean: true, session: s.session, after: s.own == over}
		to("a read is sent", n)
	case sent:
		n.fetch.place, n.fetch.old = executed, s.old
		to("the read is executed", n)
	case executed:
		n.fetch = fetchModel{}
		if (f.clean || !m.has(markedOnly)) && (f.session == s.session || !m.has(sameSession)) {
			n.memory, n.stale, n.of = true, f.old, f.session
		}
		to("the read has its reply", n)
	}
	joins := f.place == sent || f.place == executed
	if s.own == over && joins && f.old && f.place == executed && (f.clean || !m.has(joinClean)) {
		bad("a caller joins the read", "a caller does not see the own write")
	}
}

// canary is the next step of the canaries.
func (m copying) canary(s copyState, to func(string, copyState)) {
	for i, c := range s.canaries {
		n := s
		switch {
		case c.place == idle && (i == 0 || s.canaries[0].place == over):
			n.canaries[i] = canaryModel{place: sent, after: s.other == over, session: s.session}
			to("a canary is sent", n)
		case c.place == sent:
			n.canaries[i].place = executed
			n.turn |= echo1 << i
			to("the canary is executed", n)
		}
	}
}

// push ends a turn of the server's event loop, and lets one push arrive.
func (m copying) push(s copyState, to func(string, copyState)) {
	if s.turn != 0 && s.pushed == 0 { // turns do not mix
		n := s
		n.pushed, n.turn = s.turn, 0
		to("a turn of the server ends", n)
	}
	for bit := key; bit <= all; bit <<= 1 {
		if s.pushed&bit == 0 {
			continue
		}
		n := s
		n.pushed &^= bit
		switch bit {
		case key:
			n.drop()
			to("the push of the key is heard", n)
		case all:
			if m.has(voids) {
				n.drop()
			}
			to("the push of all keys is heard", n)
		default:
			m.hear(n, bit, to)
		}
	}
}

// hear takes an echo.
func (m copying) hear(n copyState, bit uint8, to func(string, copyState)) {
	i := 0
	if bit == echo2 {
		i = 1
	}
	c, first := &n.canaries[i], n.canaries[0]
	c.place = over
	if !m.has(lagOne) && c.after {
		n.proven[n.session] = true
	}
	if i == 1 && first.after && (first.session == c.session || !m.has(sameSession)) {
		n.proven[n.session] = true
	}
	to("an echo is heard", n)
}

// read is the next step of a caller. If there is a proof of a time after the other process's write
// was acknowledged, the caller must not get the old value.
func (m copying) read(s copyState, to func(string, copyState), bad func(string, string)) {
	const what = "an old copy is returned that is proven to be young"
	n := s
	of := s.of
	if !m.has(sameSession) {
		of = s.session
	}
	old := s.memory && s.stale
	switch {
	case m.has(proofFirst) && !s.looked && s.proven[of]:
		n.looked = true
		to("a caller finds a proof", n)
	case m.has(proofFirst) && s.looked && old:
		bad("it finds the copy", what)
	case !m.has(proofFirst) && !s.looked && old:
		n.looked = true
		to("a caller finds a copy", n)
	case !m.has(proofFirst) && s.looked && s.proven[of]:
		bad("it finds a proof", what)
	}
}

// With all rules, only copies that a proof allows are returned, and a process sees its own writes.
func TestModelOfCopies(t *testing.T) {
	states, taken := interleave.Check(t, copying{}, false)
	t.Log(states, "states")
	for _, label := range []string{
		"the push of the key is heard", "the push of all keys is heard", "an echo is heard",
		"the own write is acknowledged", "the read has its reply",
		"the connection breaks, and another one is made",
	} {
		if !taken[label] {
			t.Errorf("the model never reaches %q", label)
		}
	}
}

// If one of the rules is missing, a caller can get an old value.
func TestModelOfCopiesNeedsEachRule(t *testing.T) {
	for r := markedOnly; r <= voids; r++ {
		t.Run(r.String(), func(t *testing.T) { interleave.Check(t, copying{r}, true) })
	}
}
