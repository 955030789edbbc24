package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/activettl/rediscache/internal/near"
	"github.com/activettl/rediscache/internal/task"
)

// renewals are the copies whose records must be renewed in the background, because a copy answered
// an access.
type renewals[K comparable, V any] struct {
	mu      sync.Mutex
	due     []renewal[K, V]
	running bool
}

type renewal[K comparable, V any] struct {
	k    K
	copy *near.Copy[V]
}

const (
	renewalKeys  = 1000        // the most records per round trip
	renewalLimit = time.Second // the time limit of that round trip
)

// accessed has the record of a copy renewed in the background, if that is due.
func (c *Cache[K, V]) accessed(k K, e *near.Copy[V], now time.Duration) {
	if !e.Renews(now) {
		return
	}
	r := &c.renewals
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, renewal[K, V]{k, e})
	if !r.running {
		r.running = true
		c.tasks.start(c.renewDue)
	}
}

// renewDue renews the records that are due, and starts another task for those that come later.
func (c *Cache[K, V]) renewDue() {
	r := &c.renewals
	r.mu.Lock()
	some := r.due[:min(len(r.due), renewalKeys)]
	r.due = r.due[len(some):]
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.running = len(r.due) > 0; r.running {
			c.tasks.start(c.renewDue)
		} else {
			r.due = nil
		}
	}()
	task.Guard(func() { c.renewAll(some) }, func(any) { // a client hook or K may panic
		for _, d := range some {
			d.copy.Doubt()
		}
	})
}

// renewAll renews records. If a record could not be renewed, its copy no longer answers.
func (c *Cache[K, V]) renewAll(some []renewal[K, V]) {
	ctx, cancel := context.WithTimeout(context.Background(), renewalLimit)
	defer cancel()
	keys := make([]string, len(some))
	for i, d := range some {
		keys[i], _ = c.redisKey(d.k) // no error: the record was read with this key
	}
	sent := c.near.Now()
	for i, done := range c.store.RenewCopied(ctx, keys) {
		e := some[i].copy
		switch {
		case done.Err == nil && c.index != nil:
			e.Renewed(sent + c.noteAfter)
		case done.Err == nil:
			e.Renewed(sent + done.Fresh)
		case errors.Is(done.Err, ErrNotFound):
			e.Drop()
		default:
			e.Doubt()
		}
	}
}
