package model

import (
	"encoding/json"
	"fmt"
	"time"
)

// Value is what the caches hold.
type Value struct {
	N int `json:"n"`
	M int `json:"m"`
}

// kind is what a key holds.
type kind int

const (
	absent kind = iota
	text        // a record under the policy
	list        // a record with terms of its own
	hash        // a lease or a marker: a miss
	other       // no record of a cache
)

// state is what a key may hold. States are compared with ==.
type state struct {
	kind     kind
	value    Value
	bad      bool          // a record that the codec refuses
	own      time.Duration // its own TTL, or 0
	more     int           // elements of the list that this version does not know
	loads    bool          // like a lease or marker, but without a TTL
	marker   bool          // a hash that is a marker, and no lease
	given    bool          // a lease that may be given back at any time
	deadline span          // zero for none
	cut      bool          // its last renewal reached the deadline
	expires  span
	used     span // its last access, as far as the fleet could note it
	// since when the index has it: since a Set, or a sweep that looked at it; never if that is
	// uncertain
	met     span
	foreign bool // another program wrote it, and no member has renewed it since
}

const badBytes = `{"n":`

// bytes returns what Redis holds as the value.
func (s state) bytes() string {
	if s.bad {
		return badBytes
	}
	data, err := json.Marshal(s.value)
	if err != nil {
		panic(err) // impossible for two numbers
	}
	return string(data)
}

// record reports whether the key holds a record of the cache.
func (s state) record() bool { return s.kind == text || s.kind == list }

// at returns what a state may be at a time: the same, expired, or both.
func (s state) at(now span) (may []state) {
	if s.kind == absent {
		return []state{s}
	}
	if now.lo < s.expires.hi {
		alive := s
		alive.expires.lo = max(s.expires.lo, now.lo)
		may = append(may, alive)
	}
	if now.hi >= s.expires.lo {
		may = append(may, state{})
	}
	return may
}

// String describes a state in a failure.
func (s state) String() string {
	at := func(t span) string {
		switch {
		case t.lo >= never:
			return "never"
		case t.lo == t.hi:
			return fmt.Sprint(t.lo)
		}
		return fmt.Sprintf("%v..%v", t.lo, t.hi)
	}
	switch s.kind {
	case absent:
		return "nothing"
	case hash:
		return fmt.Sprintf("a lease or marker, until %s", at(s.expires))
	case other:
		return fmt.Sprintf("no record, until %s", at(s.expires))
	case list:
		return fmt.Sprintf("%s, own TTL %v, deadline %s, until %s", s.bytes(), s.own,
			at(s.deadline), at(s.expires))
	}
	return fmt.Sprintf("%s until %s", s.bytes(), at(s.expires))
}
