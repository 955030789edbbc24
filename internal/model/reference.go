package model

import (
	"strings"
	"time"

	"github.com/activettl/rediscache/cache"
)

// seen is what an operation on one key returned.
type seen struct {
	err   error // one of a cache's decisions, nil, or errBroken
	cause error // behind err
	value Value // of what reads
	info  cache.Info
	at    span // when it was under way
	// deadline is that of info, in the world's time; zero for none.
	deadline time.Duration
}

// outcome is what an operation may do to a state, and what it returns then.
type outcome struct {
	next  state
	err   error
	value Value
	info  bool // it tells of next
}

// outcomes returns what an operation of a member may do to what a key holds. A key holds nothing, or is alive.
func outcomes(o op, m *member, s state, now span) []outcome {
	reads := strings.HasPrefix(o.name, "Get") || o.name == "Peek" || o.name == "Modify"
	name, _ := strings.CutSuffix(strings.Replace(o.name, "Many", "", 1), " own")
	switch name {
	case "Set":
		own := time.Duration(0)
		if strings.HasSuffix(o.name, "own") {
			own = o.d
		}
		all := outcomesOf(m.set(Value{N: o.n}, own, now))
		for i := range all {
			if m.tracked && now.lo < m.trusts[o.keys[0]] { // somebody may have taken the key out of the index meanwhile
				all[i].next.met.hi = never
			}
		}
		return all
	case "Delete":
		return []outcome{{}}
	}
	switch {
	case s.kind == absent:
		return []outcome{{next: s, err: cache.ErrNotFound}}
	case s.kind == hash || s.kind == other:
		out := outcome{next: s, err: cache.ErrNotFound}
		if s.kind == other {
			out.err = cache.ErrWrongType
		}
		if !m.mini || !m.Renews || name != "Get" {
			return []outcome{out}
		}
		renewed := out // miniredis sets the TTL before it refuses the type
		renewed.next.expires = now.plus(m.TTL)
		return []outcome{out, renewed}
	case name == "Inspect":
		return []outcome{{next: s, info: true}}
	case name == "Peek":
		return refuse(reads, []state{s})
	case name == "Touch" || name == "Get":
		return refuse(reads, m.access(s, now, m.trusts[o.keys[0]]))
	case name == "Update":
		s.value, s.bad = Value{N: o.n}, false
		return outcomesOf(m.renew(s, now))
	case s.bad: // Modify and UpdateField read first, and renew nothing by that
		return refuse(true, []state{s})
	case name == "Modify":
		s.value.N++
	case name == "UpdateField":
		s.value.M = o.n
	default:
		panic("no such operation: " + name)
	}
	return refuse(reads, m.renew(s, now))
}

func outcomesOf(states []state) (all []outcome) {
	for _, s := range states {
		all = append(all, outcome{next: s})
	}
	return all
}

// refuse returns the outcomes of an operation that decodes the value, if it does.
func refuse(decodes bool, states []state) []outcome {
	all := outcomesOf(states)
	for i := range all {
		if decodes && all[i].next.bad {
			all[i].err = cache.ErrDecode
		} else if decodes {
			all[i].value = all[i].next.value
		}
	}
	return all
}

// agrees reports whether what was seen is this outcome, and returns the state with what it tells.
func (o outcome) agrees(m *member, got seen) (state, bool) {
	if got.err != o.err || got.value != o.value {
		return state{}, false
	}
	if !o.info {
		return o.next, true
	}
	return m.inspected(o.next, got)
}

// inspected compares what Inspect tells with a state.
func (m *member) inspected(s state, got seen) (state, bool) {
	info := got.info
	if info.TTL != m.ttlOf(s) || info.Size != len(s.bytes()) {
		return s, false
	}
	if s.deadline == (span{}) && got.deadline != 0 || s.deadline != (span{}) && !s.deadline.has(got.deadline) {
		return s, false
	}
	var ok bool
	if s, ok = s.remaining(info.Remaining, got.at); !ok {
		return s, false
	}
	switch {
	case m.tracked: // the index may not know the record, or since a sweep only
		return s, info.Idle <= got.at.from(s.used).hi+m.window()
	case !m.Renews || s.cut || s.expires.lo >= never:
		return s, info.Idle == -1
	}
	return s, info.Idle == max(info.TTL-info.Remaining, 0)
}

// remaining compares what is left of a record's life with a state: -1 for all the time in the world.
func (s state) remaining(left time.Duration, now span) (state, bool) {
	if left < 0 || s.expires.lo >= never {
		return s, left < 0 && s.expires.lo >= never
	}
	var ok bool
	s.expires, ok = both(s.expires, now.plus(left))
	return s, ok
}
