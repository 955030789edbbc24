package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/activettl/rediscache/cache"
)

// upsert increments a record that all writers create at the same time. No writer may lose what
// another one has written, also while the record is created.
func (c *caller) upsert(writer int) {
	if c.ledger.mayMiss {
		return // what is created anew would count from the beginning
	}
	n := c.r.IntN(madeKeys)
	generation := c.upserts[n].Load()
	key := made("upsert", n, generation)
	m := c.ledger.look(key)
	var v Value
	err := c.do(func(ctx context.Context) (err error) {
		v, err = c.cache.Upsert(ctx, key, c.counter(key, writer, m), c.terms()...)
		return err
	})
	if err == nil {
		c.ledger.modified(key, v.Version, writer, m)
		c.ledger.wrote(c.cache, key, v.Version, m)
		if v.Version >= mostMade {
			c.upserts[n].CompareAndSwap(generation, generation+1)
		}
	}
}

// counter returns the function of one Modify or Upsert. It judges the value that it is given. If
// that is what the same call has written, the call is applied twice.
func (c *caller) counter(key string, writer int, m moment) func(Value, bool) (Value, error) {
	call := c.r.Int64()
	return func(old Value, found bool) (Value, error) {
		switch {
		case !found:
			c.ledger.missed(key, m)
		case old.Call == call:
			c.ledger.complain("%s: version %d is counted twice by one call", key, old.Version)
		default:
			c.ledger.saw(key, old, m)
		}
		c.ledger.modify(key, old.Version+1)
		v := newValue(key, old.Version+1, writer)
		v.Call = call
		return v, nil
	}
}

// add adds a record that all writers add at the same time, or one that only this call adds.
func (c *caller) add(writer int) {
	n := c.r.IntN(madeKeys)
	generation := c.adds[n].Load()
	key := made("add", n, generation)
	if c.r.IntN(2) == 0 {
		key = fmt.Sprintf("add alone/%d/%d", writer, c.r.Int64())
	}
	version, m := c.ledger.add(key)
	err := c.do(func(ctx context.Context) error {
		return c.cache.Add(ctx, key, newValue(key, version, writer), c.terms()...)
	})
	switch {
	case err == nil:
		c.ledger.addedTo(key, version, m)
		c.ledger.wrote(c.cache, key, version, m)
		c.readOne(c.cache, key, c.cache.Get)
	case errors.Is(err, cache.ErrExists):
		c.ledger.exists(key)
	}
	if err == nil || version >= mostMade {
		c.adds[n].CompareAndSwap(generation, generation+1)
	}
}

// terms returns no option, or a TTL that is longer than a run.
func (c *caller) terms() []cache.SetOption {
	if c.ownTerms() && c.r.IntN(2) == 0 {
		return []cache.SetOption{cache.WithTTL(3 * time.Minute)}
	}
	return nil
}
