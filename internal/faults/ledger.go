package faults

import (
	"fmt"
	"sync"
	"time"
)

// ledger records what was written and read under each key, and finds what must not happen.
//
// The floor of a key is the newest version that its primary is known to have had, because it was
// acknowledged or read. A read that begins after that may return nothing older, with one exception.
// A plain Set whose outcome is unknown may be executed late, after newer writes. A write of Modify
// is executed only if the record still holds what Modify has read, so it is never late.
//
// Safe for concurrent use.
type ledger struct {
	mayMiss bool // records may be lost at any time
	moves   bool // slots move: a Set may remove a record before it writes it to another node

	mu       sync.Mutex
	epoch    int // of the primary; odd while it changes
	stubborn int // how often it has begun or ended to refuse writes; odd while it does
	keys     map[string]*history
	late     int      // reads of a write that was executed late
	wrong    []string // faults: what must not happen
}

// history is what is known of one key.
type history struct {
	epoch  int
	floor  int64
	floors []floor        // in order of time
	own    int64          // the newest version that the caches with copies have written
	issued int64          // the newest version whose write has begun
	doubt  map[int64]bool // versions of plain writes that may be executed late
	acked  map[int64]int  // the writer of each version that Modify or Upsert has acknowledged
	adds   int            // how many Adds of the key have begun
	added  int64          // the version of the Add that succeeded; 0 for none
}

func newLedger(mayMiss bool) *ledger {
	return &ledger{mayMiss: mayMiss, keys: map[string]*history{}}
}

// of returns the history of a key. After a change of the primary only the issued writes still
// count: a promoted replica may have any version, and a late write may reach it.
func (l *ledger) of(key string) *history {
	h := l.keys[key]
	if h == nil {
		h = &history{doubt: map[int64]bool{}, acked: map[int64]int{}}
		l.keys[key] = h
	}
	if h.epoch != l.epoch {
		h.epoch, h.floor, h.acked, h.added = l.epoch, 0, map[int64]int{}, 0
		h.floors, h.own = nil, 0
	}
	return h
}

func (l *ledger) accuse(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// complain records a fault that a caller has found.
func (l *ledger) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accuse(format, args...)
}

// change is called before and after the primary changes.
func (l *ledger) change() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
}

// refuse is called before the primary begins to refuse writes and after it accepts them again. In
// between, loads have no lease, and a caller may share a load that began before a Delete.
func (l *ledger) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stubborn++
}

// moment is what was known of a key when an operation began.
type moment struct {
	epoch    int
	floor    int64
	stubborn int
	memory   bool // the read may be answered from memory
}

func (l *ledger) look(key string) moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.momentOf(l.of(key))
}

func (l *ledger) momentOf(h *history) moment {
	return moment{epoch: l.epoch, floor: h.floor, stubborn: l.stubborn}
}

// same reports whether the primary has not changed since m. The caller holds the lock.
func (l *ledger) same(m moment) bool { return m.epoch == l.epoch && l.epoch%2 == 0 }

// unchanged is same for callers that do not hold the lock.
func (l *ledger) unchanged(m moment) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.same(m)
}

// issue begins a plain write and returns its version. Each key has one such writer.
func (l *ledger) issue(key string) (version int64, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.of(key)
	h.issued++
	h.doubt[h.issued] = true
	return h.issued, l.momentOf(h)
}

// remove is issue for a Delete, which leaves no value that could be read late.
func (l *ledger) remove(key string) (version int64, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.of(key)
	h.issued++
	return h.issued, l.momentOf(h)
}

// retryAfter is the least time that go-redis waits before it sends a write again. If it has, the
// first attempt may be executed late, although the write was acknowledged.
const retryAfter = 8 * time.Millisecond

// ack notes that a plain write succeeded, and how long it took.
func (l *ledger) ack(key string, version int64, m moment, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.same(m) {
		return // the one that acknowledged it may be gone, and its data with it
	}
	h := l.of(key)
	if took < retryAfter {
		delete(h.doubt, version)
	}
	h.raise(version)
}

// add begins an Add and returns the version that it writes. No other operation writes or removes
// the key, so at most one Add succeeds.
func (l *ledger) add(key string) (version int64, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.of(key)
	h.adds++
	h.issued++
	return h.issued, l.momentOf(h)
}

// addedTo notes that an Add succeeded. If another Add was executed before it, that is a fault.
func (l *ledger) addedTo(key string, version int64, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.same(m) || l.mayMiss {
		return
	}
	h := l.of(key)
	if h.floor > 0 && h.floor != version {
		l.accuse("%s: Add wrote version %d over %d", key, version, h.floor)
	}
	h.added = version
	h.raise(version)
}

// exists notes that an Add found a record. Another Add has written that, perhaps one that returned
// an error.
func (l *ledger) exists(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of(key).adds < 2 {
		l.accuse("%s: the only Add found a record: it was sent twice", key)
	}
}

// modify begins a write of Modify or Upsert, which builds on a version that it has read.
func (l *ledger) modify(key string, version int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.of(key)
	h.issued = max(h.issued, version)
}

// modified notes that a write of Modify or Upsert succeeded.
func (l *ledger) modified(key string, version int64, writer int, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.same(m) {
		return
	}
	h := l.of(key)
	if other, taken := h.acked[version]; taken {
		l.accuse("%s: an update was lost: version %d was written by %d and by %d",
			key, version, other, writer)
	}
	h.acked[version] = writer
	if version <= m.floor {
		l.accuse("%s: Modify wrote version %d on a primary that had %d", key, version, m.floor)
	}
	h.raise(version)
}

// saw judges a value that was read.
func (l *ledger) saw(key string, v Value, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.of(key)
	if wrong := v.wrong(key); wrong != "" {
		l.accuse("%s: what was read %s", key, wrong)
		return
	}
	switch {
	case v.Version < 1 || v.Version > h.issued:
		l.accuse("%s: version %d was read, and none beyond %d was ever written", key, v.Version,
			h.issued)
	case !l.same(m):
	case h.added > 0 && v.Version != h.added && !(m.memory && m.floor != h.added):
		l.accuse("%s: version %d was read, and Add wrote %d", key, v.Version, h.added)
	case v.Version >= m.floor:
		if !m.memory { // that tells what the primary had, and not since when
			h.raise(v.Version)
		}
	case h.doubt[v.Version]:
		l.late++
	default:
		l.accuse("%s: version %d was read from a primary that had %d", key, v.Version, m.floor)
	}
}

// loaded judges a value that was read through. It may be newer than what the primary has.
func (l *ledger) loaded(key string, v Value, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.of(key)
	switch wrong := v.wrong(key); {
	case wrong != "":
		l.accuse("%s: what was read through %s", key, wrong)
	case v.Version < 1 || v.Version > h.issued:
		l.accuse("%s: version %d was read through, and none beyond %d was ever written", key,
			v.Version, h.issued)
	case !l.same(m) || m.stubborn != l.stubborn || l.stubborn%2 == 1 || v.Version >= m.floor:
	case h.doubt[v.Version]:
		l.late++
	default:
		l.accuse("%s: version %d was read through after %d was acknowledged", key, v.Version,
			m.floor)
	}
}

// missed judges a miss.
func (l *ledger) missed(key string, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moves && l.of(key).issued > m.floor {
		return // a Set was under way during the read, or has failed
	}
	if l.same(m) && m.floor > 0 && !l.mayMiss {
		l.accuse("%s: a miss on a primary that had version %d", key, m.floor)
	}
}
