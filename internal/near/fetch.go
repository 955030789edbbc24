package near

import (
	"context"
	"hash/maphash"
	"math"
	"sync"
	"time"

	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/tracking"
)

// Fetch is a read of one key under way.
type Fetch[K comparable, V any] struct {
	copies  *Copies[K, V]
	k       K
	key     string
	as      As
	session *tracking.Session
	sent    time.Duration
	ended   bool

	// guarded by the marks of its key
	marked bool
	next   *Fetch[K, V] // with a mark of the key

	done chan struct{} // closed at the end; nil if nobody may join
	got  *Copy[V]      // nil after an error
	err  error         // what those who have joined share
}

// As says who may join a fetch: reads that wait for Redis as it does.
type As int8

// The kinds of fetches.
const (
	Batch  As = iota // of many keys: nobody joins it
	Single           // of one key
	Load             // of one key, by a read with a loader
)

// marks are those of some keys.
type marks[K comparable, V any] struct {
	sync.Mutex
	of map[string]*Fetch[K, V] // the latest; the others follow
}

var seed = maphash.MakeSeed()

func (c *Copies[K, V]) of(key string) *marks[K, V] {
	return &c.marks[maphash.String(seed, key)%uint64(len(c.marks))]
}

// Mark begins a fetch of a key, which must follow at once, and must End or Fail.
func (c *Copies[K, V]) Mark(ctx context.Context, k K, key string) *Fetch[K, V] {
	f, _ := c.mark(ctx, k, key, Batch)
	return f
}

// mark is Mark, or returns a fetch to join: one that was sent less than the bound ago, and since
// when nothing was heard of the key.
func (c *Copies[K, V]) mark(
	ctx context.Context, k K, key string, as As,
) (f, other *Fetch[K, V]) {
	f = &Fetch[K, V]{copies: c, k: k, key: key, as: as, session: c.listener.Session(ctx, key)}
	m := c.of(key)
	m.Lock()
	defer m.Unlock()
	f.sent = c.clock.Now()
	if as != Batch {
		for other = m.of[key]; other != nil; other = other.next {
			if other.as == as && f.sent-other.sent < c.Staleness {
				return nil, other
			}
		}
		f.done = make(chan struct{})
	}
	if m.of == nil {
		m.of = map[string]*Fetch[K, V]{}
	}
	f.marked, f.next = true, m.of[key]
	m.of[key] = f
	return f, nil
}

// Share fetches a key by read, or joins a fetch of it, and waits for that for patience at most,
// from when the fetch was sent. All who have joined share what it returns, unless the context of
// the one who reads has ended: then one of the others reads. answered says that there was an answer
// about the record.
func (c *Copies[K, V]) Share(
	ctx context.Context, k K, key string, as As, patience time.Duration,
	read func() (r Read[V], answered bool, err error),
) (*Copy[V], error) {
	f, other := c.mark(ctx, k, key, as)
	for begun := c.clock.Now(); other != nil; f, other = c.mark(ctx, k, key, as) {
		until := min(begun, other.sent) + patience
		if e, err := other.join(ctx, until); e != nil || err != nil {
			return e, err
		}
		if c.clock.Now() >= until {
			as = Batch
		}
	}
	defer f.Fail(false)
	r, answered, err := read()
	if err != nil {
		if ctx.Err() == nil {
			f.err = err
		}
		f.Fail(answered)
		return nil, err
	}
	return f.End(ctx, &r), nil
}

// join waits for a fetch. It returns neither a copy nor an error if the caller is to read.
func (f *Fetch[K, V]) join(ctx context.Context, until time.Duration) (*Copy[V], error) {
	timer := time.NewTimer(until - f.copies.clock.Now())
	defer timer.Stop()
	select {
	case <-f.done:
		return f.got, f.err
	case <-timer.C:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// End ends a fetch with what was read. It keeps a copy if it may, and returns it either way.
func (f *Fetch[K, V]) End(ctx context.Context, r *Read[V]) *Copy[V] {
	if f.ended {
		return f.got
	}
	c := f.copies
	f.got = f.copyOf(r)
	f.end(r.Keep && f.session != nil && c.canonical(f.k, f.key) &&
		c.listener.Session(ctx, f.key) == f.session, true)
	return f.got
}

// Fail ends a fetch that has read no value. answered says that the server has answered, and so that
// an older copy is no longer what it has.
func (f *Fetch[K, V]) Fail(answered bool) {
	if !f.ended {
		f.end(false, answered)
	}
}

func (f *Fetch[K, V]) end(keep, answered bool) {
	f.ended = true
	c, m := f.copies, f.copies.of(f.key)
	m.Lock()
	defer m.Unlock()
	keep = keep && f.marked
	m.unmark(f)
	if answered { // nothing that was read before is kept or stays
		c.forget(f.k, f.sent)
		for g := m.of[f.key]; g != nil; g = g.next {
			if g.sent < f.sent {
				m.unmark(g)
			}
		}
	}
	if keep {
		if _, newer := c.cache.GetEntryQuietly(f.k); !newer {
			c.cache.Set(f.k, f.got)
		}
	}
	if f.done != nil {
		close(f.done)
	}
}

// unmark takes the mark of a fetch away. The marks must be locked.
func (m *marks[K, V]) unmark(f *Fetch[K, V]) {
	if !f.marked {
		return
	}
	f.marked = false
	if m.of[f.key] == f {
		if f.next != nil {
			m.of[f.key] = f.next
		} else {
			delete(m.of, f.key)
		}
		return
	}
	for at := m.of[f.key]; at != nil; at = at.next {
		if at.next == f {
			at.next = f.next
			return
		}
	}
}

func (f *Fetch[K, V]) copyOf(r *Read[V]) *Copy[V] {
	e := &Copy[V]{
		Read: *r, session: f.session, sent: f.sent, expires: after(f.sent, r.Lives),
		due: after(f.sent, r.Due), weight: uint32(min(int64(r.Bytes)+overhead, math.MaxUint32)),
	}
	e.renew.Store(int64(after(f.sent, r.Renew)))
	return e
}

func after(sent, d time.Duration) time.Duration {
	if d > recent.Forever-sent {
		return recent.Forever
	}
	return sent + d
}

// canonical reports whether a push of the key leads to this very K.
func (c *Copies[K, V]) canonical(k K, key string) bool {
	parsed, ok := c.parse(key)
	return ok && parsed == k
}
