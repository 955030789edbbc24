package recent

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Table maps keys to what is known of them until a given time. It is safe for concurrent use, and
// readers take no lock.
//
// It starts small, doubles while valid entries displace each other, and ends at the size that New
// was given. If two goroutines write at the same moment, or the table grows meanwhile, an entry may
// be lost, or may stay after Delete. The whole key is compared, so an entry is never found under
// another key.
type Table[V any] struct {
	Clock
	seed maphash.Seed
	most int // sets, a power of two

	grow sync.Mutex
	sets atomic.Pointer[[]set[V]] // nil until the first Put
}

// set holds the entries of keys whose hashes end alike. With four places in a set, about 7 of
// 10,000 keys in a table for 65,536 find no place. With one place per set and as much memory, about
// 700 would not.
type set[V any] [ways]atomic.Pointer[entry[V]]

const (
	ways  = 4
	first = 16 // sets of a table that has just been used for the first time
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

// Forever is a time that never comes.
const Forever = time.Duration(math.MaxInt64)

// Get returns what is known of a key now.
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

// Put remembers value for a key until a time of the table's clock. It replaces the entry of the
// key. If the key has none and its set is full, it replaces an entry that is no longer valid, or
// the one that ends first.
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

// put stores an entry in a set. If that would displace a valid entry, put reports false, unless
// must is set.
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
