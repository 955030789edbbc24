package flight

import (
	"fmt"
	"testing"

	"github.com/activettl/rediscache/internal/interleave"
)

// The model of a load runs on one key. It tries every order of the steps of two processes, a
// writer, and a caller that asks later. It checks the rules of GetOrLoad, not the code of this
// package: which command decides a flight, who shares its result, and what a write does to a lease.

// rule is a rule of the cache that a model can do without. The zero rule is none.
type rule int

const (
	_ rule = iota

	writesVoid       // a write replaces or removes a lease or marker that it finds
	readFirst        // each caller reads before it joins a flight
	closedBeforeFill // a caller that comes after the fill was sent does not share its outcome
	closedBeforeLook // the same for a claim or a look
	lostIsRefused    // if the reply to the fill is lost, that counts as a refusal
	early            // after a refusal, callers that came after the loader was called start over
	proven           // without a lease, the call of the loader decides the flight
	keepOnlyRenews   // a keep-alive never creates a lease
	ownToken         // a fill needs the lease of its own load
	claimOnce        // a claim is not sent twice with one token

	sameBytes  // a refill needs the bytes that were found
	sameExpiry // a refill also needs the expiry that was found
	exactly    // it needs exactly that expiry; an earlier one is not enough
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

var writes = []write{set, add, update, updateAbsent, remove, clear_}

// The model must reach these steps. Otherwise it stops too early.
var interesting = []string{
	"Redis: the key expires", "W: is acknowledged", "F: reads a value", "F: shares the result",
	"F: starts over", "F: came early, and shares a refused value", "A: the fill is refused",
	"A: the fill's reply is lost",
	"A: the claim's value comes", "A: the flight ends without a fill",
	"B: the claim is executed: another loads",
}

// With all rules, a caller that begins after an acknowledged write never gets a value that was
// loaded before the write. Redis never holds that value after the write either.
func TestModelOfLoad(t *testing.T) {
	total := 0
	for _, op := range writes {
		t.Run(op.String(), func(t *testing.T) {
			states, taken := interleave.Check(t, loading{op: op}, false)
			t.Log(states, "states")
			for _, label := range interesting {
				if !taken[label] {
					t.Errorf("the model never reaches %q", label)
				}
			}
			total += states
		})
	}
	t.Log(total, "states")
}

// If one of the rules is missing, a caller can get an old value.
func TestModelOfLoadNeedsEachRule(t *testing.T) {
	for _, op := range writes {
		t.Run(fmt.Sprint(writesVoid, "/", op), func(t *testing.T) {
			interleave.Check(t, loading{op: op, without: writesVoid}, true)
		})
	}
	for r := readFirst; r <= claimOnce; r++ {
		t.Run(r.String(), func(t *testing.T) {
			interleave.Check(t, loading{op: remove, without: r}, true)
		})
	}
}

// With all rules, a refresh never replaces a record that was written since its loader read.
func TestModelOfRefresh(t *testing.T) {
	total := 0
	for _, first := range firstWrites {
		for _, second := range secondWrites {
			states, _ := interleave.Check(t, refreshing{first: first, second: second}, false)
			total += states
		}
	}
	t.Log(total, "states")
}

// If one of the rules of a refill is missing, a refresh can undo a write.
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
			interleave.Check(t, refreshing{c.first, c.second, c.without}, true)
		})
	}
}

// A refill cannot notice a write that leaves the same bytes with the same expiry, to the
// millisecond. The documentation of the cache names these cases.
func TestModelOfRefreshHoles(t *testing.T) {
	for _, second := range []change{updated, setToTheMillisecond} {
		t.Run(second.String(), func(t *testing.T) {
			interleave.Check(t, refreshing{first: unwritten, second: second}, true)
		})
	}
}
