package cache

import (
	"context"
	"errors"

	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/internal/near"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/store"
)

// remembered returns a copy that answers a read, or nil. renews says that the read is an access.
func (c *Cache[K, V]) remembered(ctx context.Context, k K, renews bool) *near.Copy[V] {
	if c.ready(ctx) != nil {
		return nil
	}
	e, now := c.near.Get(k, false)
	if e != nil && renews {
		c.accessed(k, e, now)
	}
	return e
}

// rememberedForLoad is remembered for a read with a loader.
func (c *Cache[K, V]) rememberedForLoad(ctx context.Context, k K) *near.Copy[V] {
	if c.ready(ctx) != nil {
		return nil
	}
	e, now := c.near.Get(k, true)
	if e != nil {
		c.accessed(k, e, now)
	}
	return e
}

// answer answers an operation with a copy.
func (c *Cache[K, V]) answer(
	ctx context.Context, op string, k K, e *near.Copy[V],
) (V, error) {
	if c.hook != nil {
		return c.answerTold(ctx, op, k, e)
	}
	v, err := c.valueOf(e)
	if err != nil {
		err = c.missed(op, k)
	}
	return v, err
}

// answerTold is answer with a Hook. It does not read the clock, which would take as long as the
// rest.
func (c *Cache[K, V]) answerTold(
	ctx context.Context, op string, k K, e *near.Copy[V],
) (V, error) {
	ctx, run := c.beginUntimed(ctx, c.hook, op, 1)
	defer run.ensureEnd(ctx)
	v, err := c.valueOf(e)
	if err != nil {
		err = c.missed(op, k)
	}
	return v, run.endNear(ctx, err)
}

// missed returns the error of an operation on a missing record.
func (c *Cache[K, V]) missed(op string, k K) error {
	key, _ := c.redisKey(k)
	return c.fail(op, c.text(key), ErrNotFound)
}

// valueOf returns the value of a copy, for one caller.
func (c *Cache[K, V]) valueOf(e *near.Copy[V]) (v V, err error) {
	switch {
	case e.Kind != near.Record:
		return v, ErrNotFound
	case c.cloner != nil:
		return c.cloner.Clone(e.Value), nil
	case c.checks:
		c.checkShared(e)
	}
	return e.Value, nil
}

// keeps reports whether the cache learns of changes, so that it keeps copies, or still has some.
func (c *Cache[K, V]) keeps() bool { return c.near != nil && !c.near.Idle() }

// readNear reads a record after a miss in memory. If an older copy may answer, it waits for Redis
// only as long as a read with a loader does. rescued says that this copy answered.
func (c *Cache[K, V]) readNear(
	ctx context.Context, k K, key string, renews bool,
) (v V, rescued bool, err error) {
	fetch, patience := c.store.Fetch, c.near.Staleness
	if c.near.Old(k) != nil {
		fetch, patience = c.loads.Fetch, c.loads.Patience
	}
	e, err := c.near.Share(ctx, k, key, near.Single, patience,
		func() (near.Read[V], bool, error) {
			return c.fetched(key, fetch(ctx, key, renews), renews)
		})
	switch {
	case err == nil && renews:
		c.renewReadable(ctx, key)
		c.accessed(k, e, c.near.Now())
	case err != nil:
		if e = c.rescued(ctx, k, err); e == nil {
			return v, false, err
		}
		rescued = true
	}
	v, err = c.valueOf(e)
	return v, rescued, err
}

// rescued returns an older copy that may answer since Redis did not, or nil.
func (c *Cache[K, V]) rescued(ctx context.Context, k K, err error) *near.Copy[V] {
	if !load.Unanswered(err) || errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return c.near.Rescue(k)
}

// fetched converts what the store found to the content of a copy. noted says that the read was an
// access. answered reports whether Redis said something about the record.
func (c *Cache[K, V]) fetched(
	key string, found store.Found, noted bool,
) (r near.Read[V], answered bool, err error) {
	r = near.Read[V]{
		Bytes: len(key) + len(found.Value), Keep: found.Keep,
		Lives: recent.Forever, Renew: recent.Forever, Due: recent.Forever,
	}
	switch {
	case found.Err == nil:
		if r.Value, err = c.received(key, store.Reply{Value: found.Value}); err != nil {
			return r, true, err
		}
		if c.checks {
			if again, err := c.decode(key, found.Value); err == nil {
				r.Pristine = &again
			}
		}
		if found.Lives >= 0 {
			r.Lives = found.Lives
		}
		if found.DueIn >= 0 {
			r.Due = found.DueIn
		}
		switch {
		case c.index != nil && noted:
			r.Renew = c.noteAfter
		case c.index != nil:
			r.Renew = 0
		case found.Renew >= 0:
			r.Renew = found.Renew
		}
		return r, true, nil
	case found.Absent:
		r.Kind, r.Lives = near.Absent, found.Lives
	case found.Err == store.ErrNotFound && !found.Other:
		r.Kind = near.Nothing
	default:
		return r, found.Other || errors.Is(found.Err, store.ErrWrongType), found.Err
	}
	return r, true, nil
}

// findNear reads a record for a read with a loader. It returns a copy that answers, or else what it
// found. If the server counts as out, it does not wait for another caller's attempt to reach it.
func (c *Cache[K, V]) findNear(
	ctx context.Context, k K, full string,
) (*near.Copy[V], store.Found) {
	var found store.Found
	mine, patience := false, c.loads.Patience
	if c.loads.Out(ctx, full) {
		patience = 0
	}
	e, err := c.near.Share(ctx, k, full, near.Load, patience,
		func() (near.Read[V], bool, error) {
			mine, found = true, c.loads.Find(ctx, full, true)
			return c.fetched(full, found, true)
		})
	if err == nil && e.Kind == near.Record {
		if now := c.near.Now(); !e.Due(now) {
			c.renewReadable(ctx, full)
			c.accessed(k, e, now)
			return e, found
		}
	}
	if !mine { // each caller must read by itself before it loads
		found = c.loads.Find(ctx, full, false)
	}
	return nil, found
}
