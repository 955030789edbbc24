package recent

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Table maps keys to values that are valid until a given time. It is safe for concurrent use, and
// reads take no lock.
//
// It starts small and doubles when a new entry would replace a valid one, up to the size that New
// was given. If two goroutines write at the same time, or the table grows during a write, an entry
// may be lost, or may stay after Delete. Get compares the whole key, so it never finds the entry of
// another key.
type Table[V any] struct {
	Clock
	seed maphash.Seed
	most int // sets, a power of two

	grow sync.Mutex
	sets atomic.Pointer[[]set[V]] // nil until the first Put
}

// set holds the entries of keys whose hashes have the same last bits. With four places in a set,
// about 7 of 10,000 keys in a table for 65,536 keys find no place. With one place per set and the
// same memory, about 700 find none.
type set[V any] [ways]atomic.Pointer[entry[V]]

const (
	ways  = 4
	first = 16 // sets of a table after its first use
)

type entry[V any] struct {
	key   string
	until time.Duration // by the table's clock
	value V
}

// New returns a table for size keys, a power of two of at least 64. An empty table takes almost no
// memory. A full one takes about 100 bytes and the key's length for each key.
func New[V any](size int) *Table[V] {
	return &Table[V]{Clock: Start(), seed: maphash.MakeSeed(), most: size / ways}
}

// Forever is a time that never comes, for entries that do not expire.
const Forever = time.Duration(math.MaxInt64)

// Get returns the value of a key, if it is still valid.
func (t *Table[V]) Get(key string) (value V, ok bool) {
	sets := t.sets.Load()
	if sets == nil {
		return value, false
	}
	in := t.set(*sets, key)
	for i := range in {
		if e := in[i].Load(); e != nil && e.key == key {
			if t.Now() < e.until {
				return e.value, true
			}
			return value, false
		}
	}
	return value, false
}

// Put stores value for a key until a time of the table's clock. It replaces the entry of the key.
// If the key has no entry and its set is full, Put replaces the entry that ends first.
func (t *Table[V]) Put(key string, until time.Duration, value V) {
	e := &entry[V]{key, until, value}
	for {
		sets := t.sets.Load()
		if sets != nil && put(t.set(*sets, key), e, t.Now(), len(*sets) == t.most) {
			return
		}
		t.enlarge(sets)
	}
}

// put stores an entry in a set. If that would replace a valid entry of another key, put does
// nothing and returns false, unless must is set.
func put[V any](in *set[V], e *entry[V], now time.Duration, must bool) bool {
	place, ends := &in[0], Forever
	for i := range in {
		at := in[i].Load()
		switch {
		case at == nil:
			place, ends = &in[i], 0
		case at.key == e.key:
			in[i].Store(e)
			return true
		case at.until < ends:
			place, ends = &in[i], at.until
		}
	}
	if ends > now && !must {
		return false
	}
	place.Store(e)
	return true
}

// Delete forgets a key.
func (t *Table[V]) Delete(key string) {
	sets := t.sets.Load()
	if sets == nil {
		return
	}
	in := t.set(*sets, key)
	for i := range in {
		if e := in[i].Load(); e != nil && e.key == key {
			in[i].CompareAndSwap(e, nil)
		}
	}
}

func (t *Table[V]) set(sets []set[V], key string) *set[V] {
	return &sets[maphash.String(t.seed, key)&uint64(len(sets)-1)]
}

// enlarge doubles the table, unless another goroutine has done so since full was read.
func (t *Table[V]) enlarge(full *[]set[V]) {
	t.grow.Lock()
	defer t.grow.Unlock()
	if t.sets.Load() != full {
		return
	}
	if full == nil {
		sets := make([]set[V], min(first, t.most))
		t.sets.Store(&sets)
		return
	}
	sets, now := make([]set[V], 2*len(*full)), t.Now()
	for i := range *full {
		for j := range (*full)[i] {
			if e := (*full)[i][j].Load(); e != nil && now < e.until {
				put(t.set(sets, e.key), e, now, true)
			}
		}
	}
	t.sets.Store(&sets)
}
