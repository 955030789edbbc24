package model

import (
	"strings"
	"time"

	"github.com/activettl/rediscache/cache"
)

// seen is what an operation on one key returned.
type seen struct {
	err     error // one of a cache's decisions, nil, or errBroken
	cause   error // behind err
	unknown bool  // cause is ErrUnknownOutcome
	value   Value // of what reads
	info    cache.Info
	at      span // from its start to its end
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

// once reports whether an operation never sends its write again. Then a lost reply is
// ErrUnknownOutcome.
func (o op) once() bool {
	switch name, _ := strings.CutSuffix(o.name, " own"); name {
	case "Add", "Upsert", "Modify", "UpdateField", "UpdateFields":
		return true
	}
	return false
}

// ownTTL returns the own TTL that an operation gives a record, or 0.
func (o op) ownTTL() time.Duration {
	if strings.HasSuffix(o.name, "own") {
		return o.d
	}
	return 0
}

// outcomes returns what an operation of a member may do to what a key holds. broken says that one
// of its round trips broke. s is absent, or has not expired.
func outcomes(o op, m *member, s state, now span, broken bool) []outcome {
	if o.loads() {
		return loadOutcomes(o, m, s, now, broken)
	}
	name, _ := strings.CutSuffix(strings.Replace(o.name, "Many", "", 1), " own")
	reads := name == "Get" || name == "Peek" || name == "Modify" || name == "Upsert"
	switch {
	case name == "Set", (name == "Add" || name == "Upsert") && (s.kind == absent || s.kind == hash):
		all := outcomesOf(m.set(Value{N: o.n}, o.ownTTL(), now))
		for i := range all {
			// Another member may have removed the key from the index since.
			if m.tracked && now.lo < m.trusts[o.keys[0]] {
				all[i].next.met.hi = never
			}
			if reads {
				all[i].value = all[i].next.value
			}
		}
		return all
	case name == "Delete":
		return []outcome{{}}
	case s.kind == absent:
		return []outcome{{next: s, err: cache.ErrNotFound}}
	case s.kind == hash && writes(name): // it ends the load, which must not store an old row
		return []outcome{{err: cache.ErrNotFound}}
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
		if s.loads { // with the TTL it is a lease
			renewed.next.kind, renewed.next.loads, renewed.err = hash, false, cache.ErrNotFound
		}
		return []outcome{out, renewed}
	case name == "Add":
		s.used.hi = now.hi // the access may be noted
		return []outcome{{next: s, err: cache.ErrExists}}
	case name == "Inspect":
		return []outcome{{next: s, info: true}}
	case name == "Peek":
		return refuse(reads, []state{s})
	case name == "Touch":
		return refuse(reads, m.access(s, now, m.trusts[o.keys[0]]))
	case name == "Get":
		return refuse(reads, m.get(s, now, o.keys[0], broken))
	case name == "Update":
		s.value, s.bad = Value{N: o.n}, false
		return outcomesOf(m.renew(s, now))
	case s.bad: // the others read first, which renews nothing
		return refuse(true, []state{s})
	case name == "Modify" || name == "Upsert":
		s.value.N++
	case name == "UpdateField":
		s.value.M = o.n
	case name == "UpdateFields":
		s.value = Value{N: o.n, M: o.n}
	default:
		panic("no such operation: " + name)
	}
	return refuse(reads, m.renew(s, now))
}

// writes reports whether an operation is a write, even if it finds no record.
func writes(name string) bool {
	switch name {
	case "Update", "UpdateField", "UpdateFields", "Modify", "Touch":
		return true
	}
	return false
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

// agrees reports whether what was seen is this outcome. It returns the state, narrowed by what was
// seen.
func (o outcome) agrees(m *member, got seen) (state, bool) {
	if got.err != o.err || got.value != o.value {
		return state{}, false
	}
	if !o.info {
		return o.next, true
	}
	return m.inspected(o.next, got)
}

// inspected compares what Inspect returns with a state.
func (m *member) inspected(s state, got seen) (state, bool) {
	info := got.info
	if info.TTL != m.ttlOf(s) || info.Size != len(s.bytes()) {
		return s, false
	}
	if s.deadline == (span{}) && got.deadline != 0 || s.deadline != (span{}) &&
		!s.deadline.has(got.deadline) {
		return s, false
	}
	var ok bool
	if s, ok = s.remaining(info.Remaining, got.at); !ok {
		return s, false
	}
	switch {
	case m.tracked: // the index may not have the record, or only since a sweep
		return s, info.Idle <= got.at.from(s.used).hi+m.window()
	case !m.Renews || s.cut || s.expires.lo >= never:
		return s, info.Idle == -1
	}
	return s, info.Idle == max(info.TTL-info.Remaining, 0)
}

// remaining compares a record's remaining time with a state. It is -1 for a record without a TTL.
func (s state) remaining(left time.Duration, now span) (state, bool) {
	if left < 0 || s.expires.lo >= never {
		return s, left < 0 && s.expires.lo >= never
	}
	var ok bool
	s.expires, ok = both(s.expires, now.plus(left))
	return s, ok
}
