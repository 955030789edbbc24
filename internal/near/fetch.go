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
	next   *Fetch[K, V] // the next older one with a mark of the key

	done chan struct{} // closed at the end; nil if nobody may join
	got  *Copy[V]      // nil after an error
	err  error         // the error for callers that have joined
}

// As says who may join a fetch: only reads that wait for Redis in the same way.
type As int8

// The kinds of fetches.
const (
	Batch  As = iota // of many keys: nobody joins it
	Single           // of one key
	Load             // of one key, by a read with a loader
)

// marks are the marked fetches of some keys.
type marks[K comparable, V any] struct {
	sync.Mutex
	fetches map[string]*Fetch[K, V] // the latest of each key; next leads to older ones
}

var seed = maphash.MakeSeed()

func (c *Copies[K, V]) marksOf(key string) *marks[K, V] {
	return &c.marks[maphash.String(seed, key)%uint64(len(c.marks))]
}

// Mark begins a fetch of a key. The read must follow at once, and the caller must call End or Fail.
func (c *Copies[K, V]) Mark(ctx context.Context, k K, key string) *Fetch[K, V] {
	f, _ := c.mark(ctx, k, key, Batch)
	return f
}

// mark is Mark, or it returns another fetch to join. That fetch was sent less than Staleness ago,
// and no write of the key was heard of since.
func (c *Copies[K, V]) mark(
	ctx context.Context, k K, key string, as As,
) (f, other *Fetch[K, V]) {
	f = &Fetch[K, V]{copies: c, k: k, key: key, as: as, session: c.listener.Session(ctx, key)}
	m := c.marksOf(key)
	m.Lock()
	defer m.Unlock()
	f.sent = c.clock.Now()
	if as != Batch {
		for other = m.fetches[key]; other != nil; other = other.next {
			if other.as == as && f.sent-other.sent < c.Staleness {
				return nil, other
			}
		}
		f.done = make(chan struct{})
	}
	if m.fetches == nil {
		m.fetches = map[string]*Fetch[K, V]{}
	}
	f.marked, f.next = true, m.fetches[key]
	m.fetches[key] = f
	return f, nil
}

// Share fetches a key with read, or joins a fetch that is under way. It waits for another fetch for
// at most patience, from when that fetch was sent. All callers that have joined get the same
// result. If the fetch fails because the context of its caller has ended, one of the others reads.
// answered says that the server has answered about the record.
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

// join waits for a fetch. If it returns neither a copy nor an error, the caller must read.
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

// End ends a fetch with the result of the read. It returns a copy, and keeps it if that is allowed.
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

// Fail ends a fetch that has read no value. answered says that the server has answered. Then an
// older copy is dropped, since it may no longer be what the server has.
func (f *Fetch[K, V]) Fail(answered bool) {
	if !f.ended {
		f.end(false, answered)
	}
}

func (f *Fetch[K, V]) end(keep, answered bool) {
	f.ended = true
	c, m := f.copies, f.copies.marksOf(f.key)
	m.Lock()
	defer m.Unlock()
	keep = keep && f.marked
	m.unmark(f)
	if answered { // no older copy stays, and no older read is kept
		c.forget(f.k, f.sent)
		for g := m.fetches[f.key]; g != nil; g = g.next {
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

// unmark removes the mark of a fetch. The marks must be locked.
func (m *marks[K, V]) unmark(f *Fetch[K, V]) {
	if !f.marked {
		return
	}
	f.marked = false
	if m.fetches[f.key] == f {
		if f.next != nil {
			m.fetches[f.key] = f.next
		} else {
			delete(m.fetches, f.key)
		}
		return
	}
	for at := m.fetches[f.key]; at != nil; at = at.next {
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

// canonical reports whether a push of the key finds exactly this K.
func (c *Copies[K, V]) canonical(k K, key string) bool {
	parsed, ok := c.parse(key)
	return ok && parsed == k
}
