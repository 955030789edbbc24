// Package interleave visits every order in which the steps of a model can happen. It is for tests.
package interleave

import (
	"fmt"
	"testing"
)

// Step is one possible step from a state. Bad says which promise the step breaks; it is empty for
// none.
type Step[S comparable] struct {
	Label string
	To    S
	Bad   string
}

// Machine is a model: its first states, and the steps from each state. A state without a step is an
// end.
type Machine[S comparable] interface {
	Begin() []S
	Next(S) []Step[S]
}

// violation is the shortest path to a broken promise.
type violation struct {
	path []string
	what string
}

// explore visits every state, in order of distance from the first states. It stops at the first
// violation. taken has the labels of all steps that it has taken.
func explore[S comparable](m Machine[S]) (states int, taken map[string]bool, found *violation) {
	type from struct {
		state S
		label string
		first bool
	}
	seen, queue := map[S]from{}, m.Begin()
	taken = map[string]bool{}
	for _, s := range queue {
		seen[s] = from{first: true}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		for _, n := range m.Next(s) {
			if n.Bad != "" {
				v := &violation{path: []string{n.Label}, what: n.Bad}
				for at := seen[s]; !at.first; at = seen[at.state] {
					v.path = append([]string{at.label}, v.path...)
				}
				return len(seen), taken, v
			}
			taken[n.Label] = true
			if _, old := seen[n.To]; !old {
				seen[n.To] = from{state: s, label: n.Label}
				queue = append(queue, n.To)
			}
		}
	}
	return len(seen), taken, nil
}

// Check explores a model. If a rule of the model is missing, the test fails without a violation.
// Otherwise it fails with one. Check returns the number of states, and the labels of all steps.
func Check[S comparable](
	t *testing.T, m Machine[S], missing bool,
) (states int, taken map[string]bool) {
	t.Helper()
	states, taken, v := explore(m)
	switch {
	case v == nil && missing:
		t.Errorf("%d states and no violation: the model does not need the rule", states)
	case v != nil:
		text := fmt.Sprintf("%d states, then %s:", states, v.what)
		for i, label := range v.path {
			text += fmt.Sprintf("\n  %2d %s", i+1, label)
		}
		if t.Log(text); !missing {
			t.Error("violation")
		}
	}
	return states, taken
}
