package flight

import (
	"fmt"
	"testing"
)

// The model of a load: every order in which the steps of two processes, a writer and a caller that
// asks later can happen, on one key. It checks the rules of GetOrLoad, not this package: which
// command decides a flight, who shares its result, and what a write does to a lease.

// step is one way on from a state. bad says what rule of the cache the step breaks.
type step[S comparable] struct {
	label string
	to    S
	bad   string
}

// machine is a model: where it begins, and what can happen next. A state without a next step is an
// end.
type machine[S comparable] interface {
	begin() []S
	next(S) []step[S]
}

// violation is the shortest way to a broken promise.
type violation struct {
	path []string
	what string
}

// explore visits every state, in the order of their distance from the beginning. It stops at the
// first violation. taken is the labels of the steps that it has met.
func explore[S comparable](m machine[S]) (states int, taken map[string]bool, found *violation) {
	type from struct {
		state S
		label string
		first bool
	}
	seen, queue := map[S]from{}, m.begin()
	taken = map[string]bool{}
	for _, s := range queue {
		seen[s] = from{first: true}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		for _, n := range m.next(s) {
			if n.bad != "" {
				v := &violation{path: []string{n.label}, what: n.bad}
				for at := seen[s]; !at.first; at = seen[at.state] {
					v.path = append([]string{at.label}, v.path...)
				}
				return len(seen), taken, v
			}
			taken[n.label] = true
			if _, old := seen[n.to]; !old {
				seen[n.to] = from{state: s, label: n.label}
				queue = append(queue, n.to)
			}
		}
	}
	return len(seen), taken, nil
}

// rule is a rule of the cache that a model can do without. The zero rule is none.
type rule int

const (
	_ rule = iota

	writesVoid       // a write replaces or removes a lease or marker that it finds
	readFirst        // each caller reads before it joins a flight
	closedBeforeFill // a caller that comes after the fill was sent does not share its outcome
	closedBeforeLook // nor that of a claim or look that was sent
	lostIsRefused    // if the reply to the fill is lost, that counts as a refusal
	early            // after a refusal, who has come since the loader was called starts over
	proven           // a load without a lease is decided by its loader
	keepOnlyRenews   // a keep-alive never creates a lease
	ownToken         // a fill needs the lease of its own load
	claimOnce        // a claim is not sent twice with one token

	sameBytes  // a refill needs the bytes that were found
	sameExpiry // and their expiry
	exactly    // and not just one that is no later
)

func (r rule) String() string {
	return [...]string{
		"all rules", "writes void leases", "each caller reads first", "closed before the fill",
		"closed before a look", "a lost reply counts as refused",
		"only early callers after a refusal", "a load without a lease proves nothing",
		"keep only renews", "a fill needs its own token", "a claim is sent once",
		"a refill compares bytes", "a refill compares the expiry",
		"a refill needs that very expiry",
	}[r]
}

// check explores a model. It requires a violation if a rule is missing, and none otherwise.
func check[S comparable](
	t *testing.T, m machine[S], broken bool,
) (states int, taken map[string]bool) {
	t.Helper()
	states, taken, v := explore(m)
	switch {
	case v == nil && broken:
		t.Errorf("%d states and no violation: the model does not need the rule", states)
	case v != nil:
		text := fmt.Sprintf("%d states, then %s:", states, v.what)
		for i, label := range v.path {
			text += fmt.Sprintf("\n  %2d %s", i+1, label)
		}
		if t.Log(text); !broken {
			t.Error("violation")
		}
	}
	return states, taken
}

var writes = []write{set, add, update, updateAbsent, remove, clear_}

// Steps that show that the model does not stop early.
var interesting = []string{
	"Redis: the key expires", "W: is acknowledged", "F: reads a value", "F: shares the result",
	"F: starts over", "F: came early, and shares a refused value", "A: the fill is refused",
	"A: the fill's reply is lost",
	"A: the claim's value comes", "A: the flight ends without a fill",
	"B: the claim is executed: another loads",
}

// With all rules, a caller that begins after an acknowledged write never gets what was loaded
// before it, and that never stands in Redis after the write.
func TestModelOfLoad(t *testing.T) {
	total := 0
	for _, op := range writes {
		t.Run(op.String(), func(t *testing.T) {
			states, taken := check(t, loading{op: op}, false)
			t.Log(states, "states")
			for _, label := range interesting {
				if !taken[label] {
					t.Errorf("the model never comes to %q", label)
				}
			}
			total += states
		})
	}
	t.Log(total, "states")
}

// Without any one of the rules there is a way to get an old value.
func TestModelOfLoadNeedsEachRule(t *testing.T) {
	for _, op := range writes {
		t.Run(fmt.Sprint(writesVoid, "/", op), func(t *testing.T) {
			check(t, loading{op: op, without: writesVoid}, true)
		})
	}
	for r := readFirst; r <= claimOnce; r++ {
		t.Run(r.String(), func(t *testing.T) {
			check(t, loading{op: remove, without: r}, true)
		})
	}
}

// With all rules, a refresh never replaces a record that was written since its loader read.
func TestModelOfRefresh(t *testing.T) {
	total := 0
	for _, first := range firstWrites {
		for _, second := range secondWrites {
			states, _ := check(t, refreshing{first: first, second: second}, false)
			total += states
		}
	}
	t.Log(total, "states")
}

// Without any one of the rules of a refill, a refresh undoes a write.
func TestModelOfRefreshNeedsEachRule(t *testing.T) {
	for _, c := range []struct {
		without       rule
		first, second change
	}{
		{sameBytes, updated, updatedOther},
		{sameExpiry, unwritten, setShorter},
		{sameExpiry, setLonger, setLonger},
		{exactly, unwritten, setShorter},
	} {
		t.Run(fmt.Sprintf("%v/%v then %v", c.without, c.first, c.second), func(t *testing.T) {
			check(t, refreshing{c.first, c.second, c.without}, true)
		})
	}
}

// What a refill cannot see: a write after which the same bytes stand there until the same
// millisecond. The documentation of the cache names these.
func TestModelOfRefreshHoles(t *testing.T) {
	for _, second := range []change{updated, setToTheMillisecond} {
		t.Run(second.String(), func(t *testing.T) {
			check(t, refreshing{first: unwritten, second: second}, true)
		})
	}
}
