package flight

import "github.com/activettl/rediscache/internal/interleave"

// refreshing is the model of a refresh. A record that is due holds the value of the source. A
// refresh finds it, reads the source, and writes the result if the record is still as it was found.
// During that, the source changes twice, to another value and back. After each change the cache is
// written. In between, the record may expire and be loaded again. The refill may be executed twice.
type refreshing struct {
	first, second change
	without       rule
}

// change is a write of the cache after a change of the source.
type change uint8

const (
	unwritten change = iota
	setShorter
	setLonger
	removed
	updated
	updatedOther // changes the source to a third value, and updates
	setToTheMillisecond
)

func (c change) String() string {
	return [...]string{
		"nothing", "Set with a shorter life", "Set with a longer life", "Delete", "Update",
		"Update to a third value", "Set with a life that ends at the same time",
	}[c]
}

// The writes after the first change and after the second change. After the second change there is
// always a write, and none that TestModelOfRefreshHoles tests.
var (
	firstWrites  = []change{unwritten, setShorter, setLonger, removed, updated, setToTheMillisecond}
	secondWrites = []change{setShorter, setLonger, removed, updatedOther}
)

// recordModel is a record in Redis. The zero recordModel is no record. A record expires at one of a
// few times.
type recordModel struct {
	value   uint8 // 0 for none
	expires uint8
}

// Times at which a record expires, in order.
const (
	shorter uint8 = iota + 1
	foundAt       // of the record that the refresh has found
	longer
	longest // of a record that another load has written
	refillAt
)

var found = recordModel{1, foundAt}

type refreshState struct {
	redis   recordModel
	source  uint8
	writer  uint8 // how many of its four steps are done
	refresh uint8 // the next step: read, refill, refill once more, end
	loaded  uint8
	other   uint8 // another load: claims; has the lease and is about to read; to fill; over
	filling uint8
	leased  bool // the other load has its lease
}

func (m refreshing) Begin() []refreshState {
	return []refreshState{{redis: found, source: 1}}
}

func (m refreshing) Next(s refreshState) (all []interleave.Step[refreshState]) {
	to := func(label string, n refreshState) {
		next := interleave.Step[refreshState]{Label: label, To: n}
		if n.writer == 4 && n.redis.value != 0 && n.redis.value != n.source {
			next.Bad = "what the source held before the last write stands in Redis"
		}
		all = append(all, next)
	}
	if n := s; s.redis.value != 0 {
		n.redis = recordModel{}
		to("Redis: the record expires", n)
	}
	n := s
	change := m.first
	if s.writer >= 2 {
		change = m.second
	}
	switch s.writer {
	case 0:
		n.writer, n.source = 1, 2
		to("W: changes the source", n)
	case 2:
		n.writer, n.source = 3, 1
		if change == updatedOther {
			n.source = 3
		}
		to("W: changes the source again", n)
	case 1, 3:
		n.writer++
		n.redis = change.apply(s.redis, s.source)
		n.leased = s.leased && change == unwritten
		to("W: "+change.String(), n)
	}
	m.refresh(s, to)
	m.load(s, to)
	return all
}

// apply returns the record after a write.
func (c change) apply(r recordModel, value uint8) recordModel {
	switch c {
	case setShorter:
		return recordModel{value, shorter}
	case setLonger:
		return recordModel{value, longer}
	case setToTheMillisecond:
		return recordModel{value, foundAt}
	case removed:
		return recordModel{}
	case updated, updatedOther:
		if r.value != 0 {
			r.value = value
		}
	}
	return r
}

// refresh is the next step of the refresh.
func (m refreshing) refresh(s refreshState, to func(string, refreshState)) {
	n := s
	switch s.refresh {
	case 0:
		n.refresh, n.loaded = 1, s.source
		to("R: the loader reads the source", n)
	case 1, 2:
		n.refresh++
		if n.redis != (recordModel{}) && m.same(s.redis) {
			n.redis = recordModel{s.loaded, refillAt}
			to("R: the refill is executed", n)
		} else {
			to("R: the refill is refused", n)
		}
	}
}

// same reports whether the refill accepts a record as the one that was found.
func (m refreshing) same(r recordModel) bool {
	return (r.value == found.value || m.without == sameBytes) &&
		(r.expires == found.expires || m.without == sameExpiry ||
			m.without == exactly && r.expires <= found.expires)
}

// load is the next step of a load in another process, after the record has expired or was removed.
func (m refreshing) load(s refreshState, to func(string, refreshState)) {
	n := s
	switch s.other {
	case 0:
		if s.redis.value == 0 {
			n.other, n.leased = 1, true
			to("B: claims", n)
		}
	case 1:
		n.other, n.filling = 2, s.source
		to("B: the loader reads the source", n)
	case 2:
		n.other = 3
		if s.leased && s.redis.value == 0 {
			n.leased, n.redis = false, recordModel{s.filling, longest}
			to("B: the fill is executed", n)
		} else {
			to("B: the fill is refused", n)
		}
	}
}
