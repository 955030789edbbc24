package model

import (
	"slices"
	"strings"

	"github.com/activettl/rediscache/cache"
)

// knowledge is whether a member remembers something.
type knowledge int

const (
	no knowledge = iota
	maybe
	yes
)

// learn notes whether a member remembers, after an operation, that it could not decode a value.
func (m *member) learn(o op, k int, err error) {
	name, _ := strings.CutSuffix(strings.Replace(o.name, "Many", "", 1), " own")
	if o.loads() { // it replaces what cannot be decoded, or another member does
		m.unreadable[k] = maybe
		return
	}
	switch name {
	case "Get", "Peek":
		if err == cache.ErrDecode {
			m.unreadable[k] = yes
		} else if err == nil && name == "Get" {
			m.unreadable[k] = no
		}
	case "Set", "Add", "Update", "UpdateField", "UpdateFields", "Modify", "Upsert", "Delete":
		if err == nil {
			m.unreadable[k] = no
		} else if err == errBroken {
			m.forget(k)
		}
	}
}

// forget notes that a member may have forgotten what it remembers.
func (m *member) forget(k int) {
	if m.unreadable[k] == yes {
		m.unreadable[k] = maybe
	}
}

// unsure notes that a member may come to remember a value, if it is bad, or forget one.
func (m *member) unsure(k int, bad bool) {
	if bad {
		m.unreadable[k] = maybe
	}
	m.forget(k)
}

// get returns what a Get leaves of a record. One that the member remembers is read without renewing
// it. If it can be decoded all the same, a Touch follows, which may be lost.
func (m *member) get(s state, now span, k int, broken bool) (may []state) {
	known := m.unreadable[k]
	if !m.Renews {
		known = no
	}
	if known != no && (s.bad || broken) {
		may = append(may, s)
	}
	if known != yes || !s.bad {
		for _, next := range m.access(s, now, m.trusts[k]) {
			if !slices.Contains(may, next) {
				may = append(may, next)
			}
		}
	}
	return may
}
