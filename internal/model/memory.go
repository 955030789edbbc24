package model

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/activettl/rediscache/cache"
)

// The Staleness of the members with Options.Near. After each step of time, copies are not used
// until there is another proof, which takes half of the Staleness. So one of the two is longer than
// a history.
const (
	always = 8000 * hour
	bound  = 100 * time.Millisecond
)

// readMore adds reads to a history that find in memory what earlier reads have put there.
func readMore(r *rand.Rand, ops []op, members int) []op {
	keys := []int{0}
	for i, o := range ops {
		if r.IntN(3) == 0 {
			if len(o.keys) > 0 {
				keys = o.keys
			}
			continue
		}
		ops[i] = op{member: r.IntN(members), keys: keys[:1], n: i,
			name: pick(r, []string{"Get", "Get", "Peek", "GetOrLoad"})}
		if len(keys) > 1 {
			ops[i].name, ops[i].keys = "GetMany", keys
		}
	}
	return ops
}

// memory is what the members with Options.Near may still have of each key after it has changed. It
// is kept per client: members of one client see each other's writes at once.
type memory struct {
	past    map[int]*[keyCount][]past // by client
	own     [keyCount]map[int]bool    // the clients that have written a key in this step
	between []state                   // what a key may have held during a step
}

// past is what a key may have held until the time until.
type past struct {
	states []state
	until  time.Duration
}

// wrote notes an operation that has returned, if it was a write that members of the same client
// must see at once.
func (h *history) wrote(o op, m *member, k int, got seen) {
	name, _ := strings.CutSuffix(strings.Replace(o.name, "Many", "", 1), " own")
	if m.bound == 0 || got.err != nil {
		return
	}
	switch name {
	case "Set", "Add", "Update", "UpdateField", "UpdateFields", "Modify", "Upsert", "Delete",
		"Clear", "Reload":
		if h.own[k] == nil {
			h.own[k] = map[int]bool{}
		}
		h.own[k][m.client] = true
	}
}

// replaced ends a step. What a key held before may be in memory, except in that of the client that
// has written it.
func (h *history) replaced(before [keyCount][]state) {
	until := h.now().hi
	for _, m := range h.all {
		if m.bound == 0 || m != h.all[m.client] {
			continue
		}
		if h.past == nil {
			h.past = map[int]*[keyCount][]past{}
		}
		if h.past[m.client] == nil {
			h.past[m.client] = &[keyCount][]past{}
		}
		for k := range h.keys {
			all := &h.past[m.client][k]
			if h.own[k][m.client] {
				*all = nil
			} else if old := append(slices.Clip(before[k]), h.between...); !same(old, h.keys[k]) {
				*all = append(*all, past{old, until})
			}
		}
	}
	h.own, h.between = [keyCount]map[int]bool{}, nil
}

// same reports whether a read finds the same in all of these states.
func same(a, b []state) bool {
	all := append(slices.Clip(a), b...)
	for _, s := range all {
		if first := all[0]; s.kind != first.kind || s.value != first.value || s.bad != first.bad ||
			s.marker != first.marker {
			return false
		}
	}
	return true
}

// recalled adds what a key may hold if an operation was answered from memory: what it held before,
// since such an operation changes nothing.
func (h *history) recalled(may []state, o op, m *member, k int, got seen) []state {
	if m.bound == 0 || h.past[m.client] == nil || m.mini {
		return may
	}
	for _, p := range h.past[m.client][k] {
		if p.until < got.at.lo-m.bound {
			continue
		}
		for _, s := range p.states {
			if s.kind != absent && s.expires.hi <= got.at.lo || !s.recalled(o, got) {
				continue
			}
			for _, old := range h.keys[k] {
				for _, s := range old.at(got.at) {
					may = add(may, s)
				}
			}
			return may
		}
	}
	return may
}

// recalled reports whether an operation that is answered from memory returns this state of a key.
func (s state) recalled(o op, got seen) bool {
	name, _, _ := strings.Cut(strings.Replace(o.name, "Many", "", 1), " ")
	switch {
	case name != "Get" && name != "Peek" && name != "GetOrLoad":
		return false
	case s.record():
		return !s.bad && got.err == nil && got.value == s.value
	case s.kind == other || name == "GetOrLoad" && !s.marker:
		return false
	}
	return got.err == cache.ErrNotFound
}

// proofs waits until all copies in memory may answer.
func (h *history) proofs() {
	for _, m := range h.all {
		if m.bound == 0 || m.mini {
			continue
		}
		end := time.Now().Add(10 * time.Second)
		for age := time.Duration(-1); age < 0 || age > m.bound; age = m.Stats().Near.ProofAge {
			if time.Now().After(end) {
				h.t.Fatal("there is no proof")
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// hits returns how many reads were answered from memory.
func (h *history) hits() (n int64) {
	for _, m := range h.all {
		n += m.Stats().Near.Hits
	}
	return n
}
