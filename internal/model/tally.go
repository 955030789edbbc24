package model

import "fmt"

// tally is a count that is known to be from least to most.
type tally struct{ least, most int }

// undecided is the tally of one thing before anything is known of it.
var undecided = tally{1, 0}

// see notes one possibility: that the thing counts, or that it does not.
func (t *tally) see(counts bool) {
	if counts {
		t.most = 1
	} else {
		t.least = 0
	}
}

func (t *tally) add(u tally) {
	t.least += u.least
	t.most += u.most
}

func (t tally) has(n int) bool { return t.least <= n && n <= t.most }

// String describes a tally in a failure.
func (t tally) String() string { return fmt.Sprintf("%d to %d", t.least, t.most) }
