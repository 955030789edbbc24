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

// learn notes whether, after an operation, a member remembers that it could not decode a value.
func (m *member) learn(o op, k int, err error) {
	name, _ := strings.CutSuffix(strings.Replace(o.name, "Many", "", 1), " own")
	if o.loads() { // it, or another member, replaces a value that cannot be decoded
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

// unsure notes that a member may now remember a bad value, or may have forgotten one.
func (m *member) unsure(k int, bad bool) {
	if bad {
		m.unreadable[k] = maybe
	}
	m.forget(k)
}

// get returns what a Get leaves of a record. A record that the member remembers as unreadable is
// read without renewing it. If it can now be decoded, a Touch follows, which may be lost.
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
