package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/activettl/rediscache/internal/near"
	"github.com/activettl/rediscache/internal/task"
)

// renewals are the copies whose records are to be renewed in the background, since a copy has
// answered an access.
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
	renewalKeys  = 1000        // how many are renewed in one round trip
	renewalLimit = time.Second // bounds it
)

// accessed has the record of a copy renewed, if it is time for that.
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

// renewDue renews those that are due, and starts another task for those that come meanwhile.
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
	task.Guard(func() { c.renewAll(some) }, func(any) { // a hook of the client, or a method of K
		for _, d := range some {
			d.copy.Doubt()
		}
	})
}

// renewAll renews records. A copy whose record could not be renewed answers no more.
func (c *Cache[K, V]) renewAll(some []renewal[K, V]) {
	ctx, cancel := context.WithTimeout(context.Background(), renewalLimit)
	defer cancel()
	keys := make([]string, len(some))
	for i, d := range some {
		keys[i], _ = c.redisKey(d.k) // it was read by this key
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
