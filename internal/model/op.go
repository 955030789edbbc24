package model

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// op is one step of a history, as plain data. It does not depend on what the keys hold.
type op struct {
	name   string // the method; or "pass", "plant", "drop", "together"
	member int    // of the fleet; of "plant", which of the plants
	keys   []int  // one, or some of a batch
	n      int    // in the value
	d      time.Duration
	dry    bool // of a sweep; of "plant", that it has no TTL
	fault  fault
	parts  []op // of "together"
	shared bool // it is one of those
}

const (
	keyCount = 4
	length   = 200 // of a history
)

// single are the operations on one key, batch those on some, walks those on all.
var (
	single = []string{
		"Set", "Set", "Set own", "Set own", "Add", "Add own", "Get", "Get", "Get", "Peek", "Peek",
		"Update", "UpdateField", "UpdateFields", "Modify", "Modify", "Upsert", "Upsert",
		"Upsert own", "Touch", "Delete", "Inspect",
	}
	batch = []string{"GetMany", "GetMany", "SetMany", "SetMany own", "DeleteMany", "GetOrLoadMany",
		"GetOrLoadMany", "GetOrLoadMany none", "GetOrLoadMany fails"}
	walks = []string{"All", "Keys", "Len", "Clear", "Sweep", "Sweep"}
)

// concurrent are the operations that may run at the same time. Inspect is not one of them: on
// miniredis it can see the TTL that a GETEX sets before it refuses the type.
var concurrent = single[:len(single)-1]

// beside are the loads that may run at the same time as those. There is at most one, because a
// second one would wait for the first, for a time that is not a whole number of ms.
var beside = []string{"GetOrLoad", "GetOrLoad", "GetOrLoad none", "GetOrLoad fails", "Reload",
	"Reload none", "Reload fails"}

// ownTTLs are the TTLs of records with their own terms. They are around the policy's hour, and some
// have parts that are not a whole number of ms.
var ownTTLs = []time.Duration{
	time.Millisecond, 1001 * time.Millisecond, 90 * time.Second, 1_234_567 * time.Millisecond,
	20 * time.Minute,
	hour - time.Millisecond, hour, 3 * hour, 50 * hour,
}

// passes are the times that may pass: short ones, and those until something expires.
var passes = []time.Duration{
	time.Millisecond, time.Second, time.Minute, tolerance / 2, tolerance - time.Millisecond,
	tolerance, 20 * time.Minute, 20*time.Minute - tolerance,
	hour - tolerance, hour - tolerance - time.Millisecond, hour - time.Millisecond, hour,
	maxAge - hour, maxAge - time.Millisecond, 26 * hour,
}

// generate returns a history for a fleet of so many members.
func generate(r *rand.Rand, members int) []op {
	ops := make([]op, length)
	key, member, bad := 0, 0, 0
	for i := range ops {
		if bad > 0 { // a value that cannot be decoded is not overwritten at once
			bad--
			ops[i] = generateRead(r, members, member, key)
			ops[i].n = i
			continue
		}
		if r.IntN(4) == 0 { // mostly the same key again, so that ops depend on earlier ones
			key = r.IntN(keyCount)
		}
		if r.IntN(2) == 0 { // and often the same member, which remembers the key
			member = r.IntN(members)
		}
		ops[i] = generateOp(r, members, member, key)
		ops[i].n = i
		if ops[i].name == "plant" && plants[ops[i].member] == badPlant {
			bad = r.IntN(10)
		}
	}
	return ops
}

// generateRead returns a read of a key, mostly by the same member, or an op that may change its
// result.
func generateRead(r *rand.Rand, members, member, key int) op {
	o := op{member: member, keys: []int{key}}
	if r.IntN(4) == 0 {
		o.member = r.IntN(members)
	}
	if r.IntN(8) == 0 {
		o.fault = fault{kind: 1 + r.IntN(2), after: r.IntN(3), bytes: r.IntN(40)}
	}
	switch r.IntN(10) {
	case 0, 1, 2:
		return op{name: "pass", d: time.Duration(1+r.Int64N(20*60_000)) * time.Millisecond}
	case 3:
		return op{name: "plant", keys: o.keys, d: hour, member: slices.Index(plants, "a value")}
	case 4:
		o.member, o.name = r.IntN(members), "Set"
	default:
		o.name = pick(r, []string{"Get", "Get", "Peek", "GetMany"})
	}
	return o
}

func generateOp(r *rand.Rand, members, member, key int) op {
	o := op{member: member, keys: []int{key}}
	if r.IntN(4) == 0 {
		o.fault = fault{kind: 1 + r.IntN(2), after: r.IntN(3), bytes: r.IntN(40)}
	}
	switch p := r.IntN(100); {
	case p < 22:
		return op{name: "pass", d: passTime(r)}
	case p < 29:
		return op{name: "plant", keys: o.keys, d: pick(r, ownTTLs), dry: r.IntN(4) == 0,
			member: r.IntN(len(plants))}
	case p < 31:
		return op{name: "drop", keys: o.keys}
	case p < 37:
		t := op{name: "together"}
		for i := range 2 + r.IntN(2) {
			t.parts = append(t.parts,
				op{name: pick(r, concurrent), member: r.IntN(members), keys: o.keys, n: 1000 + i,
					d: pick(r, ownTTLs), shared: true})
		}
		if r.IntN(2) == 0 {
			t.parts[0].name = pick(r, beside)
		}
		return t
	case p < 66:
		o.name, o.d = pick(r, single), pick(r, ownTTLs)
	case p < 76:
		o.name = pick(r, loads)
	case p < 88:
		o.name, o.d = pick(r, batch), pick(r, ownTTLs)
		o.keys = r.Perm(keyCount)[:1+r.IntN(keyCount)]
		slices.Sort(o.keys)
	default:
		o.name, o.keys, o.dry = pick(r, walks), nil, r.IntN(4) == 0
		o.d = pick(r,
			[]time.Duration{time.Millisecond, tolerance, 20 * time.Minute,
				hour - tolerance - time.Minute})
	}
	return o
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func passTime(r *rand.Rand) time.Duration {
	most := pick(r, []time.Duration{0, tolerance, 2 * hour})
	if most == 0 {
		return pick(r, passes)
	}
	return time.Duration(1+r.Int64N(most.Milliseconds())) * time.Millisecond
}

// String describes an op in a failure.
func (o op) String() string {
	keys := strings.Trim(fmt.Sprint(o.keys), "[]")
	switch o.name {
	case "pass":
		return fmt.Sprintf("%v pass", o.d)
	case "plant":
		if o.dry {
			return fmt.Sprintf("another program writes %s to key %s, without a TTL",
				plants[o.member], keys)
		}
		return fmt.Sprintf("another program writes %s to key %s, for %v", plants[o.member], keys,
			o.d)
	case "drop":
		return fmt.Sprintf("another program deletes key %s", keys)
	case "together":
		return fmt.Sprintf("at the same time: %v", o.parts)
	}
	s := fmt.Sprintf("member %d: %s", o.member, o.name)
	if o.keys != nil {
		s += " " + keys
	}
	switch {
	case strings.HasSuffix(o.name, "own"):
		s += fmt.Sprintf(" TTL %v", o.d)
	case o.name == "Sweep":
		s += fmt.Sprintf(" idle for %v", o.d)
		if o.dry {
			s += ", dry"
		}
	}
	return s + o.fault.String()
}

// simpler returns shorter or simpler versions of a history: without some ops, or with a simpler
// one. shrink tries them in this order.
func simpler(ops []op) func(yield func([]op) bool) {
	return func(yield func([]op) bool) {
		for n := len(ops) / 2; n > 0; n /= 2 {
			for i := 0; i+n <= len(ops); i += n {
				if !yield(slices.Delete(slices.Clone(ops), i, i+n)) {
					return
				}
			}
		}
		for i, o := range ops {
			var less []op
			if o.fault.kind != 0 {
				whole := o
				whole.fault = fault{}
				less = append(less, whole)
			}
			less = append(less, o.parts...)
			for j := range o.keys {
				if len(o.keys) > 1 {
					fewer := o
					fewer.keys = slices.Delete(slices.Clone(o.keys), j, j+1)
					less = append(less, fewer)
				}
			}
			if o.member > 0 && o.name != "plant" {
				plain := o
				plain.member = 0
				less = append(less, plain)
			}
			for _, l := range less {
				with := slices.Clone(ops)
				with[i] = l
				if !yield(with) {
					return
				}
			}
		}
	}
}
