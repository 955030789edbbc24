// Package interleave visits every order in which the steps of a model can happen. It is for tests.
package interleave

import (
	"fmt"
	"testing"
)

// Step is one way on from a state. Bad says what promise the step breaks.
type Step[S comparable] struct {
	Label string
	To    S
	Bad   string
}

// Machine is a model: where it begins, and what can happen next. A state without a next step is an
// end.
type Machine[S comparable] interface {
	Begin() []S
	Next(S) []Step[S]
}

// violation is the shortest way to a broken promise.
type violation struct {
	path []string
	what string
}

// explore visits every state, in the order of their distance from the beginning. It stops at the
// first violation. taken is the labels of the steps that it has met.
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

// Check explores a model. It requires a violation if a rule of the model is missing, and none
// otherwise. It returns how many states there are, and the labels of all steps.
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
