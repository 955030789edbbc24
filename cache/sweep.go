package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/activettl/rediscache/internal/reap"
	"github.com/activettl/rediscache/sweep"
)

// Sweep makes one pass now that removes the records which nobody has used for at least maxIdle, and
// returns what it did. Under Active, the idle time of a record is its TTL minus what remains of it.
// A record whose last renewal was cut short by its MaxAge stays until its deadline.
//
// Under Fixed, accesses must be tracked (Options.TrackAccess or Options.Sweeper), or the error is
// [ErrNotTracked]. A record may then stay for up to a window longer (a twentieth of the TTL, a
// minute at most). One that the index does not know counts as used when a pass first meets it.
//
// A maxIdle that no record can reach is [ErrMaxIdle]: the policy's TTL or more, unless the cache
// has written or met records with TTLs of their own. While another pass is under way, in any
// process, the error is [sweep.ErrBusy]. If a node of a cluster or single records fail, the others
// are swept, and the error tells of the failure.
//
// All processes of a cache, and all programs that write its records, must use the same TTL. Under
// Active, a record with a shorter TTL looks idle. So while a deployment lengthens the TTL, records
// that only the old version uses look idle too.
//
// A pass never holds the server for long, and needs the memory of one page. Under Active it costs a
// SCAN per page of the database, and a PTTL and a TYPE per record. Each record with terms of its
// own and each idle record costs a script. All of these are pipelined by pages.
//
// Under Fixed it costs a TYPE per record, a script per page and shard of the index, and a walk over
// the index. Each idle record costs a script, or in a cluster a PTTL and two scripts. In a cluster
// a record may be removed although it is read or updated at that moment. A record that is Set at
// that moment stays.
//
// By default a pass makes no pauses; [sweep.Duty] paces it.
func (c *Cache[K, V]) Sweep(
	ctx context.Context, maxIdle time.Duration, opts ...sweep.Option,
) (sweep.Result, error) {
	pass, err := sweep.NewPass(opts...)
	if err != nil {
		return sweep.Result{}, c.fail("Sweep", "", err)
	}
	return c.sweep(ctx, maxIdle, pass, c.hook)
}

func (c *core) sweep(
	ctx context.Context, maxIdle time.Duration, pass sweep.Pass, hook Hook,
) (res sweep.Result, err error) {
	const op = "Sweep"
	var turn *reap.Turn
	err = c.sweepable(maxIdle)
	if err == nil {
		err = c.ready(ctx)
	}
	if err == nil {
		turn, err = reap.Take(ctx, c.wire, c.names, pass.Every)
	}
	if errors.Is(err, sweep.ErrBusy) || isNotDue(err) {
		return res, c.fail(op, "", err) // no pass is made, and the hook is not told of one
	}
	var once sync.Once
	release := func(made bool) {
		once.Do(func() {
			if turn != nil {
				turn.Release(ctx, made)
			}
		})
	}
	defer release(false) // also when the Hook panics
	c.passes.Store(&once, release)
	defer c.passes.Delete(&once)
	ctx, run := c.beginTimed(ctx, hook, op, 0)
	defer run.ensureEnd(ctx)
	// also when a callback panics, and before the Hook is told
	defer func() { release(ctx.Err() == nil) }()
	run.op.Sweep = &res
	if err != nil {
		return res, run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	if c.index != nil {
		c.index.Settle(ctx)
	}
	res, err = reap.Run(ctx, c.reaper(), turn.Lease, maxIdle, pass)
	// before the Hook, which may take its time
	release(!errors.Is(err, sweep.ErrLost) && ctx.Err() == nil)
	if _, panicked := errors.AsType[*PanicError](context.Cause(ctx)); panicked ||
		context.Cause(ctx) == errGoexit {
		err = context.Cause(ctx)
	}
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
	case !c.reaper().Tracked():
		return ErrNotTracked
	case maxIdle >= reap.LongestIdle(c.terms) && !c.store.HasLongerTTL() &&
		(c.index == nil || !c.index.HasLongerTTL()):
		return fmt.Errorf("%w: %v is too long: a pass sees idle times below %v only",
			ErrMaxIdle, maxIdle, reap.LongestIdle(c.terms))
	}
	return nil
}

// sweepTarget is the cache as its Sweeper sees it. A function of the caller that panics there, or
// calls runtime.Goexit, ends the pass and not the Sweeper, and the Hook is told of it. Without a
// Hook the panic goes on, and ends the program.
type sweepTarget struct{ *core }

// Sweep implements sweep.Target.
func (t sweepTarget) Sweep(
	ctx context.Context, maxIdle time.Duration, opts ...sweep.Option,
) (res sweep.Result, err error) {
	pass, err := sweep.NewPass(opts...)
	if err != nil {
		return sweep.Result{}, t.fail("Sweep", "", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if progress := pass.Progress; progress != nil {
		pass.Progress = func(p sweep.Progress) {
			if ctx.Err() != nil {
				return // it has panicked, or the cache is closed
			}
			t.tasks.call(func() {
				if err := contain(func() { progress(p) }); err != nil {
					cancel(err)
				}
			})
		}
	}
	if err := t.ready(ctx); err != nil {
		return res, t.fail("Sweep", "", err) // the cache is being closed, and nobody is told
	}
	hook := t.backgroundHook()
	ended := t.passed.begin(pass.Every)
	defer func() { ended(err) }()
	res, err = t.sweep(ctx, maxIdle, pass, hook)
	if panicked, ok := errors.AsType[*PanicError](err); ok && hook == nil {
		panic(panicked) // nobody else would be told
	}
	return res, err
}

// backgroundHook returns the Hook for background tasks, or nil without one. Each of several is
// called for itself: if one panics, the others are told as ever.
func (c *core) backgroundHook() Hook {
	var hooks []Hook
	for _, h := range hooksOf[Hook](c.hook) {
		hooks = append(hooks, backgroundHook{h, &c.tasks})
	}
	return Hooks(hooks...)
}

// backgroundHook is a Hook that is told by a background task.
type backgroundHook struct {
	hook  Hook
	tasks *tasks
}

// Start implements Hook.
func (h backgroundHook) Start(ctx context.Context, op Op) (started context.Context) {
	h.call(ctx, op, func() { started = h.hook.Start(ctx, op) })
	return started
}

// End implements Hook.
func (h backgroundHook) End(ctx context.Context, op Op) {
	h.call(ctx, op, func() { h.hook.End(ctx, op) })
}

// call calls the hook. If the hook panics, its End is called once more, with that panic as the
// error. If that panics as well, the panic ends the program.
func (h backgroundHook) call(ctx context.Context, op Op, fn func()) {
	h.tasks.call(func() {
		err := contain(fn)
		if err == nil {
			return
		}
		op.Err, op.ErrorType, op.Outcome = err, errorType(err), OutcomeError
		if again := contain(func() { h.hook.End(ctx, op) }); again != nil {
			panic(again)
		}
	})
}
