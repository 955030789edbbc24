package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/activettl/rediscache/cache"
)

// staleness is the Staleness of the caches with Options.Near.
const staleness = 300 * time.Millisecond

// way is one of the ways to make the cache of a load.
type way struct {
	*cache.Cache[string, Value]
	staleness time.Duration // of its copies; 0 if it keeps none
}

// floor is a version that was the floor of a key at the time at, or earlier.
type floor struct {
	at      time.Time
	version int64
}

// raise notes that the primary has this version now.
func (h *history) raise(version int64) {
	if version > h.floor {
		h.floor = version
		h.floors = append(h.floors, floor{time.Now(), version})
	}
}

// lookBy is look for a read by a cache, before the read begins. A read from memory may return what
// the primary had at any moment within the staleness. Caches with copies see their own writes at
// once.
func (l *ledger) lookBy(w way, key string) moment {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.of(key)
	m := l.momentOf(h)
	if w.staleness == 0 {
		return m
	}
	m.floor, m.memory = h.own, true
	for i := len(h.floors) - 1; i >= 0; i-- {
		if f := h.floors[i]; now.Sub(f.at) >= w.staleness {
			m.floor = max(m.floor, f.version)
			break
		}
	}
	return m
}

// wrote notes that a write by a cache succeeded. Only caches with copies must see each other's
// writes at once.
func (l *ledger) wrote(w way, key string, version int64, m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.staleness > 0 && l.same(m) {
		h := l.of(key)
		h.own = max(h.own, version)
	}
}

// outlive lets a record expire, or deletes it, that another cache has written and this one has in
// memory. A deleted record may be read from memory for the staleness at most, an expired one not at
// all.
func (c *caller) outlive(writer, life int) {
	if c.cache.staleness == 0 {
		return
	}
	near := c.cache
	key := fmt.Sprintf("outlived/%d/%d", writer, life)
	var opts []cache.SetOption
	expires := c.ownTerms() && c.r.IntN(2) == 0
	if expires {
		opts = append(opts, cache.WithTTL(shortTTL))
	}
	begun := time.Now()
	c.cache = c.caches[0]
	m, ok := c.set(key, writer, opts...)
	if !ok || time.Since(begun) >= retryAfter {
		return // it may be written late, and be alive then
	}
	peek := func() error { // it does not renew the record
		return c.do(func(ctx context.Context) error {
			_, err := near.Peek(ctx, key)
			return err
		})
	}
	for range 3 {
		_ = peek()
	}
	wait := staleness
	if expires {
		wait = shortTTL + 5*time.Millisecond
	} else if c.do(func(ctx context.Context) error { return c.cache.Delete(ctx, key) }) != nil {
		return
	}
	for dead := time.Now(); time.Since(dead) < wait; {
		if c.isOver() {
			return
		}
		_ = peek()
		time.Sleep(shortTTL / 4)
	}
	if err := peek(); err == nil && c.ledger.unchanged(m) {
		c.ledger.complain("%s: it was read %v after it was gone", key, wait)
	}
	var found map[string]Value
	err := c.do(func(ctx context.Context) (err error) {
		found, err = near.GetMany(ctx, []string{key})
		return err
	})
	if len(found) > 0 && c.ledger.unchanged(m) {
		c.ledger.complain("%s: GetMany read it %v after it was gone: %v", key, wait, err)
	}
}

// hits returns how many reads were answered from memory, and whether any could have been.
func (l *load) hits() (n int64, might bool) {
	for _, c := range l.caches {
		s := c.Stats().Near
		n += s.Hits
		might = might || s.Connects > 0
	}
	return n, might
}
