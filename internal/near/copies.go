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
	StaleOnOutage time.Duration // how old while Redis does not answer; 0: no copy may answer then
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

// Copy is the result of a read of one key.
type Copy[V any] struct {
	Read[V]
	session *tracking.Session
	sent    time.Duration // when the read was sent
	expires time.Duration
	renew   atomic.Int64  // when an access must renew the record
	due     time.Duration // when the record is due for a refresh
	weight  uint32
	state   atomic.Int32
}

// The states of a copy.
const (
	good  int32 = iota
	doubt       // its record could not be renewed: it may answer only during an outage
	gone        // its record was written
)

// Kind says what a read has found under a key.
type Kind int8

// The kinds.
const (
	Record  Kind = iota
	Absent       // the record is known to be absent
	Nothing      // there is no record
)

// Read is the result of a read.
type Read[V any] struct {
	Kind  Kind
	Value V
	Bytes int // of the key and the encoded value

	// Times from when the read was sent, or recent.Forever.
	Lives time.Duration // until the record expires
	Renew time.Duration // until an access must renew it
	Due   time.Duration // until it is due for a refresh

	Keep bool // a copy may be kept

	Pristine *V // a second value that no caller gets, to compare; nil if nobody watches
}

// overhead is how many bytes a copy counts besides its key and value.
const overhead = 200

// New returns the copies of a cache. listen makes the Listener that hears of writes and calls
// changed.
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

// Close ends listening and forgets all copies. It waits for that, at most until ctx ends.
func (c *Copies[K, V]) Close(ctx context.Context) error {
	err := c.listener.Leave(ctx)
	c.cache.InvalidateAll()
	c.cache.StopAllGoroutines()
	return err
}

// Now returns the time of the clock of the copies.
func (c *Copies[K, V]) Now() time.Duration { return c.clock.Now() }

// Get returns a copy with a recent enough proof, or nil. If loads is set, it returns no copy that
// is due for a refresh, and none of a miss.
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

// Rescue is Old for a read that Redis does not answer. It counts the copies that it returns.
func (c *Copies[K, V]) Rescue(k K) *Copy[V] {
	e := c.Old(k)
	if e != nil {
		c.stale.add()
	}
	return e
}

// Idle reports whether there is neither a session nor a copy.
func (c *Copies[K, V]) Idle() bool { return !c.listener.Hears() && c.cache.EstimatedSize() == 0 }

// Due reports whether the record is due for a refresh.
func (e *Copy[V]) Due(now time.Duration) bool { return now >= e.due }

// Renews reports whether an access at this time must renew the record. It returns true once.
func (e *Copy[V]) Renews(now time.Duration) bool {
	at := e.renew.Load()
	return int64(now) >= at && e.renew.CompareAndSwap(at, math.MaxInt64)
}

// Renewed says that the record was renewed. again is when an access must renew it again.
func (e *Copy[V]) Renewed(again time.Duration) { e.renew.Store(int64(again)) }

// Doubt says that the record could not be renewed. The next read then asks Redis.
func (e *Copy[V]) Doubt() { e.state.CompareAndSwap(good, doubt) }

// Drop forgets the copy.
func (e *Copy[V]) Drop() { e.state.Store(gone) }

// Invalidate tells all listeners in this process that the process writes a key, or has written it.
func (c *Copies[K, V]) Invalidate(key string) { c.listener.Invalidate(key) }

// drop is called for each key that was written. It forgets the copy and removes the marks.
func (c *Copies[K, V]) drop(key string) {
	k, ok := c.parse(key)
	m := c.marksOf(key)
	m.Lock()
	defer m.Unlock()
	for f := m.fetches[key]; f != nil; f = f.next {
		f.marked = false
	}
	delete(m.fetches, key)
	if ok && c.forget(k, recent.Forever) {
		c.written.Add(1)
	}
}

// forget forgets the copy of k if it was read before a time, and reports whether it did. The marks
// of its key must be locked.
func (c *Copies[K, V]) forget(k K, before time.Duration) bool {
	e, ok := c.cache.GetEntryQuietly(k)
	if ok = ok && e.Value.sent < before; ok {
		e.Value.Drop()
		c.cache.Invalidate(k)
	}
	return ok
}

// parse returns the K of a key, if the key has one. If a method of K panics, the key has none: K
// did not write it.
func (c *Copies[K, V]) parse(key string) (k K, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	k, err := c.keys.Parse(c.names.Text(key))
	return k, err == nil
}

// Stats counts reads by how they were answered.
type Stats struct {
	Hits     int64 // reads that a copy answered
	Misses   int64 // reads that had no copy
	Bypassed int64 // reads that had a copy without a proof
	Stale    int64 // reads that an older copy answered, since Redis did not answer
	Written  int64 // copies that were forgotten, since their records were written
	Entries  int   // copies now
	Bytes    int64 // their size, as MaxBytes counts it
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
// other. The address of a goroutine's stack selects the place, since it seldom changes.
type counter [16]struct {
	n atomic.Int64
	_ [56]byte // the rest of a cache line
}

func (c *counter) add() {
	var here byte
	at := uintptr(unsafe.Pointer(&here)) / 2048 // the smallest stack
	c[at%uintptr(len(c))].n.Add(1)
}

func (c *counter) sum() (n int64) {
	for i := range c {
		n += c[i].n.Load()
	}
	return n
}
