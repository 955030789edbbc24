package flight

import "github.com/activettl/rediscache/internal/interleave"

// loading is the model of a load of one key. Two processes have a flight each, which one caller
// starts. A follower in process A begins after the write was acknowledged. Claims, fills and their
// replies may be lost. The key in Redis may expire at any time, as the lease of a killed process
// does.
type loading struct {
	op      write
	without rule
}

// write is what the writer does after it has changed the source.
type write uint8

const (
	set write = iota
	add
	update
	updateAbsent // of a record that was absent in the source
	remove
	clear_
)

func (w write) String() string {
	return [...]string{"Set", "Add", "Update", "Update of an absent record", "Delete", "Clear"}[w]
}

// age says whether a value is what the source held before the write, or what it holds since.
type age uint8

const (
	old age = iota
	young
)

func (a age) String() string { return [...]string{"old", "new"}[a] }

// content is what the key holds: nothing, the lease of a process, or a value. A marker counts as
// the old value if the record was absent before the write.
type content struct {
	kind  uint8
	of    uint8 // process of a lease
	value age
}

const (
	empty uint8 = iota
	leased
	stored
)

// Places of a flight and of the caller that starts it.
const (
	idle        uint8 = iota
	begun             // the caller is about to read
	missed            // the flight has started, and is about to claim
	claimSent         //
	hit               // the claim has found a value; its reply is in flight
	won               // the loader is about to read the source
	lost              // the same without a lease, since the claim or its reply was lost
	loaded            // the fill is about to be sent
	loadedAlone       // there is no lease, and no fill
	fillSent          //
	filled            // the reply to the fill is in flight
	over              //
)

type flightModel struct {
	place uint8
	after bool // the caller began after the acknowledgement
	again bool // a copy of the claim is still in flight
	done  bool // the fill was accepted
	value age  // that was loaded or found
	alone bool // only the caller, and callers before the call of the loader, get the value
	blind bool // it had no lease
}

// Places of the follower.
const (
	away uint8 = iota
	reads
	joins
	waits
	gone
)

// Places of the writer.
const (
	unchanged uint8 = iota
	changed         // the source
	executed        // the write
	acked
	exists // an Add has found a record, and has written nothing
)

type loadState struct {
	redis    content
	source   age
	flights  [2]flightModel
	writer   uint8
	follower uint8
	later    bool // a command that may decide was sent since the follower joined
	early    bool // the follower joined before the loader was called
}

func (m loading) has(r rule) bool { return m.without != r }

func (m loading) Begin() []loadState {
	return []loadState{{}, {redis: content{kind: stored}}}
}

func (m loading) Next(s loadState) (all []interleave.Step[loadState]) {
	to := func(label string, next loadState, got ...age) {
		n := interleave.Step[loadState]{Label: label, To: next}
		if next.writer == acked && next.redis == (content{kind: stored, value: old}) {
			n.Bad = "Redis holds the old value after the acknowledgement"
		}
		for _, value := range got {
			if value == old {
				n.Bad = "a caller that began after the acknowledgement got the old value"
			}
		}
		all = append(all, n)
	}
	if s.redis.kind != empty {
		n := s
		n.redis = content{}
		to("Redis: the key expires", n)
	}
	m.write(s, to)
	m.follow(s, to)
	for p := range s.flights {
		m.fly(s, p, to)
		m.keep(s, p, to)
	}
	return all
}

// write is the writer's next step.
func (m loading) write(s loadState, to func(string, loadState, ...age)) {
	n := s
	switch s.writer {
	case unchanged:
		n.source, n.writer = young, changed
		to("W: changes the source", n)
	case changed:
		n.writer = executed
		marker := s.redis.kind == stored && s.redis.value == old &&
			(m.op == add || m.op == updateAbsent)
		record := s.redis.kind == stored && !marker
		voided := s.redis.kind == leased || marker
		switch {
		case voided && !m.has(writesVoid): // the lease or marker stays
		case m.op == add && record:
			n.writer = exists
		case m.op == set || m.op == add || record && (m.op == update || m.op == updateAbsent):
			n.redis = content{kind: stored, value: young}
		default:
			n.redis = content{}
		}
		to("W: "+m.op.String()+" is executed", n)
	case executed:
		n.writer = acked
		to("W: is acknowledged", n)
	}
}

// follow is the follower's next step. The model ends when the follower starts its own flight, since
// that is like process B.
func (m loading) follow(s loadState, to func(string, loadState, ...age)) {
	n, a := s, s.flights[0]
	switch s.follower {
	case away:
		if s.writer == acked {
			n.follower = reads
			to("F: begins in process A", n)
		}
	case reads:
		switch {
		case !m.has(readFirst):
			n.follower = joins
			to("F: does not read", n)
		case s.redis.kind == stored:
			n.follower = gone
			to("F: reads a value", n, s.redis.value)
		default:
			n.follower = joins
			to("F: reads nothing", n)
		}
	case joins:
		n.follower, n.early = waits, a.place < loaded
		if a.place < missed || a.place == over {
			n.follower = gone
		}
		to("F: joins the flight of A, if there is one", n)
	case waits:
		if a.place != over {
			return
		}
		n.follower = gone
		// A follower that has not read may be one that could not read. While Redis does not answer,
		// such callers share what was loaded without a lease.
		blind := !m.has(readFirst) && a.blind
		switch {
		case !a.alone && (s.later || blind):
			to("F: shares the result", n, a.value)
		case a.alone && (s.early || !m.has(early)):
			to("F: came early, and shares a refused value", n, a.value)
		default:
			to("F: starts over", n)
		}
	}
}
