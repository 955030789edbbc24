package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/sweep"
)

// Sweep makes one pass now that removes the records which nobody has used for at
// least maxIdle, and says what it did. Under Active, how long a record has been
// idle is what has run down of its TTL; a record whose MaxAge has cut its last
// renewal short is left to its deadline. Under Fixed, accesses must be tracked
// (Options.TrackAccess or Options.Sweeper), or the error is [ErrNotTracked]; there
// a record may stay for up to a window longer (a twentieth of the TTL, a minute at
// most), and one that the index does not know counts as used when a pass first
// meets it.
//
// A maxIdle that no record can reach is [ErrMaxIdle]: the policy's TTL or more,
// unless the cache has written or met records with TTLs of their own. While
// another pass is under way, in any process, the error is [sweep.ErrBusy]. When a
// node of a cluster or single records fail, the others are swept, and the error tells
// of the failure.
//
// Every process of a cache, and every program that writes its records, is to give
// them the same TTL: under Active, a record with a shorter one looks idle. While a
// deployment lengthens the TTL, so do records that only the old one uses.
//
// It never holds the server for long: it costs a SCAN per page of the database, a
// PTTL and a TYPE per record, a script per record with terms of its own and per idle
// record, pipelined by pages; in memory, a page. A Fixed cache costs a TYPE per
// record, a script per page and shard of its index, a script per idle record (in a
// cluster, a PTTL and two), and a walk over the index. In a
// cluster, a Fixed cache may remove a record that is read or updated while it is
// being removed; one that is Set then stays.
//
// By default a pass works without rest; [sweep.Duty] paces it.
func (c *Cache[K, V]) Sweep(ctx context.Context, maxIdle time.Duration, opts ...sweep.Option) (sweep.Result, error) {
	return c.sweep(ctx, maxIdle, opts)
}

func (c *core) sweep(ctx context.Context, maxIdle time.Duration, opts []sweep.Option) (res sweep.Result, err error) {
	const op = "Sweep"
	pass, err := sweep.NewPass(opts...)
	if err == nil {
		err = c.sweepable(maxIdle)
	}
	if err == nil {
		err = c.ready(ctx)
	}
	if err != nil {
		return res, c.fail(op, "", err)
	}
	lease, err := c.store.Claim(ctx, pass.Every)
	if errors.Is(err, sweep.ErrBusy) || isNotDue(err) {
		return res, c.fail(op, "", err) // no pass is made, and the hook is not told of one
	}
	made := true
	release := sync.OnceFunc(func() {
		if lease != nil {
			lease.Release(ctx, made && ctx.Err() == nil)
		}
	})
	defer release() // also when the Hook panics
	ctx, run := c.begin(ctx, op, 0)
	defer run.ensureEnd(ctx)
	defer release() // also when a callback panics, and before the Hook is told
	run.op.Sweep = &res
	if err != nil {
		return res, run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	res, err = c.store.Sweep(ctx, lease, maxIdle, pass)
	made = !errors.Is(err, sweep.ErrLost)
	release() // before the Hook, which may take its time
	if err != nil {
		err = c.fail(op, "", err)
	}
	run.op.Keys = res.Scanned
	return res, run.endMany(ctx, res.Removed, 0, err)
}

func isNotDue(err error) bool {
	_, ok := errors.AsType[*sweep.NotDueError](err)
	return ok
}

// sweepable reports why no pass can remove the records idle for maxIdle.
func (c *core) sweepable(maxIdle time.Duration) error {
	switch {
	case maxIdle < time.Millisecond:
		return fmt.Errorf("%w: %v is less than 1ms", ErrMaxIdle, maxIdle)
	case !c.store.Tracked():
		return ErrNotTracked
	case maxIdle >= store.LongestIdle(c.terms) && !c.store.OutlivesPolicy():
		return fmt.Errorf("%w: %v is never reached, no record is seen idle for %v", ErrMaxIdle, maxIdle, store.LongestIdle(c.terms))
	}
	return nil
}
