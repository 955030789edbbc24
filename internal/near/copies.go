package near

import (
	"context"
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/maypok86/otter/v2"

	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/tracking"
)

// Config is how copies are kept.
type Config struct {
	MaxBytes      int64         // of keys, encoded values and overhead
	Staleness     time.Duration // how old a proof may be
	StaleOnOutage time.Duration // how old it may be while Redis does not answer; 0 for not at all
}

// Copies are the copies of one cache. They are safe for concurrent use.
type Copies[K comparable, V any] struct {
	Config
	clock    recent.Clock
	listener *tracking.Listener
	names    names.Names
	keys     names.Coder[K]
	cache    *otter.Cache[K, *Copy[V]]
	marks    [64]marks[K, V]

	hits, misses, bypassed, stale counter
	written                       atomic.Int64
}

// Copy is what was read of one key.
type Copy[V any] struct {
	Read[V]
	session *tracking.Session
	sent    time.Duration // when the read was
	expires time.Duration
	renew   atomic.Int64 // when an access is to renew the record
	due     time.Duration
	weight  uint32
	state   atomic.Int32
}

// The states of a copy.
const (
	good  int32 = iota
	doubt       // its record could not be renewed: only an outage lets it answer
	gone        // its record was written
)

// Kind is what was found under a key.
type Kind int8

// The kinds.
const (
	Record  Kind = iota
	Absent       // the record is known to be absent
	Nothing      // there is no record
)

// Read is what a read has found.
type Read[V any] struct {
	Kind  Kind
	Value V
	Bytes int // of the key and the encoded value

	// Times from the sending of the read, or recent.Forever.
	Lives time.Duration // until the record expires
	Renew time.Duration // until an access is to renew it
	Due   time.Duration // until it is to be refreshed

	Keep bool // it may be kept

	Pristine *V // a value that no caller has; nil if nobody watches
}

// overhead is how many bytes a copy takes besides key and value.
const overhead = 200

// New returns the copies of a cache, which hears of its records by a Listener that listen makes.
func New[K comparable, V any](
	cfg Config, n names.Names, keys names.Coder[K],
	listen func(changed func(key string)) (*tracking.Listener, error),
) (*Copies[K, V], error) {
	c := &Copies[K, V]{Config: cfg, names: n, keys: keys}
	var err error
	c.cache, err = otter.New(&otter.Options[K, *Copy[V]]{
		MaximumWeight: uint64(cfg.MaxBytes),
		Weigher:       func(_ K, e *Copy[V]) uint32 { return e.weight },
		Logger:        &otter.NoopLogger{},
	})
	if err != nil {
		return nil, err
	}
	if c.listener, err = listen(c.drop); err != nil {
		c.cache.StopAllGoroutines()
		return nil, err
	}
	c.clock = c.listener.Clock()
	return c, nil
}

// Close ends listening and forgets all copies. It waits until ctx ends at most.
func (c *Copies[K, V]) Close(ctx context.Context) error {
	err := c.listener.Leave(ctx)
	c.cache.InvalidateAll()
	c.cache.StopAllGoroutines()
	return err
}

// Now returns the time of the clock of the copies.
func (c *Copies[K, V]) Now() time.Duration { return c.clock.Now() }

// Get returns a copy that is proven now, or nil. Reads with a loader take no copy that is due for a
// refresh, and none that tells only that there is no record.
func (c *Copies[K, V]) Get(k K, loads bool) (e *Copy[V], now time.Duration) {
	e, ok := c.cache.GetIfPresent(k)
	if !ok {
		c.misses.add()
		return nil, 0
	}
	now = c.clock.Now()
	switch {
	case loads && (e.Kind == Nothing || e.Due(now)):
		c.misses.add()
		return nil, 0
	case !e.session.Proves(now, c.Staleness):
		c.bypassed.add()
		return nil, 0
	case now >= e.expires || e.state.Load() != good: // after the proof, see the package's doc
		c.misses.add()
		return nil, 0
	}
	c.hits.add()
	return e, now
}

// Old returns a copy that may answer while Redis does not, or nil.
func (c *Copies[K, V]) Old(k K) *Copy[V] {
	if c.StaleOnOutage <= 0 {
		return nil
	}
	e, ok := c.cache.GetEntryQuietly(k)
	if !ok {
		return nil
	}
	now := c.clock.Now()
	if !e.Value.session.Proves(now, c.StaleOnOutage) || now >= e.Value.expires ||
		e.Value.state.Load() == gone {
		return nil
	}
	return e.Value
}

// Rescue is Old for a read that Redis does not answer. It counts what it returns.
func (c *Copies[K, V]) Rescue(k K) *Copy[V] {
	e := c.Old(k)
	if e != nil {
		c.stale.add()
	}
	return e
}

// Idle reports whether there is nothing to keep copies by, and no copy either.
func (c *Copies[K, V]) Idle() bool { return !c.listener.Hears() && c.cache.EstimatedSize() == 0 }

// Due reports whether the record is due for a refresh.
func (e *Copy[V]) Due(now time.Duration) bool { return now >= e.due }

// Renews reports whether an access at this time is to renew the record. It says so once.
func (e *Copy[V]) Renews(now time.Duration) bool {
	at := e.renew.Load()
	return int64(now) >= at && e.renew.CompareAndSwap(at, math.MaxInt64)
}

// Renewed says that the record was renewed, and when an access is to renew it again.
func (e *Copy[V]) Renewed(again time.Duration) { e.renew.Store(int64(again)) }

// Doubt says that the record could not be renewed. So the next read asks Redis.
func (e *Copy[V]) Doubt() { e.state.CompareAndSwap(good, doubt) }

// Drop forgets the copy.
func (e *Copy[V]) Drop() { e.state.Store(gone) }

// Invalidate tells all who listen in this process that it writes a key, or has written it.
func (c *Copies[K, V]) Invalidate(key string) { c.listener.Invalidate(key) }

// drop is told of a key that was written. It forgets the copy and takes the mark away.
func (c *Copies[K, V]) drop(key string) {
	k, ok := c.parse(key)
	m := c.of(key)
	m.Lock()
	defer m.Unlock()
	for f := m.of[key]; f != nil; f = f.next {
		f.marked = false
	}
	delete(m.of, key)
	if ok && c.forget(k, recent.Forever) {
		c.written.Add(1)
	}
}

// forget forgets the copy of k if it was read before a time, and reports whether there was one. The
// marks of its key must be locked.
func (c *Copies[K, V]) forget(k K, before time.Duration) bool {
	e, ok := c.cache.GetEntryQuietly(k)
	if ok = ok && e.Value.sent < before; ok {
		e.Value.Drop()
		c.cache.Invalidate(k)
	}
	return ok
}

// parse returns the K of a key, if it is one. A method of K that panics has not written it.
func (c *Copies[K, V]) parse(key string) (k K, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	k, err := c.keys.Parse(c.names.Text(key))
	return k, err == nil
}

// Stats are what became of reads.
type Stats struct {
	Hits     int64 // reads that a copy answered
	Misses   int64 // reads that had no copy
	Bypassed int64 // reads that had a copy without a proof
	Stale    int64 // reads that such a copy answered, since Redis did not
	Written  int64 // copies that were forgotten, since their records were written
	Entries  int   // copies
	Bytes    int64 // what they count as
	Tracking tracking.Stats
}

// Stats returns the stats since New.
func (c *Copies[K, V]) Stats() Stats {
	return Stats{
		Hits: c.hits.sum(), Misses: c.misses.sum(), Bypassed: c.bypassed.sum(),
		Stale: c.stale.sum(), Written: c.written.Load(), Entries: c.cache.EstimatedSize(),
		Bytes:    int64(c.cache.WeightedSize()),
		Tracking: c.listener.Stats(),
	}
}

// counter counts in several places, so that goroutines on different cores do not wait for each
// other. Which place, the address of a goroutine's stack says: it seldom changes.
type counter [16]struct {
	n atomic.Int64
	_ [56]byte // the rest of a cache line
}

func (c *counter) add() {
	var here byte
	at := uintptr(unsafe.Pointer(&here)) / 2048 // the least stack
	c[at%uintptr(len(c))].n.Add(1)
}

func (c *counter) sum() (n int64) {
	for i := range c {
		n += c[i].n.Load()
	}
	return n
}
