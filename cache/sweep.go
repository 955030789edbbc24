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

// Sweep makes one pass now. The pass removes the records that nobody has used for at least maxIdle.
// Sweep returns what the pass did. The errors are:
//
//   - [ErrMaxIdle]: maxIdle is less than a millisecond, or no record can reach it. No record can
//     reach the policy's TTL, unless the cache has written or met records with their own TTL. Under
//     Fixed, and with a ttl.Tolerance, the limit is lower by the window or the tolerance.
//   - [ErrNotTracked]: the policy is Fixed, and neither Options.TrackAccess nor Options.Sweeper is
//     set
//   - [sweep.ErrBusy]: another pass is in progress, in this process or another one
//   - [sweep.ErrLost]: another process took over
//
// If a node of a cluster or some records fail, Sweep sweeps the others and returns an error for the
// failures.
//
// Under Active, a record's idle time is its TTL minus its remaining time. If a MaxAge cut the last
// renewal short, the record stays until its deadline. Under Fixed, a record may stay longer by up
// to a window: a twentieth of the TTL, at most a minute. A record that is not in the index counts
// as used when a pass first meets it.
//
// Use the same TTL in all processes of a cache, and in all programs that write its records. Under
// Active, a record with a shorter TTL looks idle. So while a deployment lengthens the TTL, records
// that only the old version uses look idle too.
//
// A pass never blocks the server for long, and needs memory for one page of keys. It makes no
// pauses; [sweep.Duty] adds them. Commands are pipelined by page. Under Active, it costs:
//
//   - a SCAN per page of the database
//   - a PTTL and a TYPE per record
//   - a script per idle record and per record with its own TTL or deadline
//
// Under Fixed, it costs:
//
//   - a SCAN per page of the database and a TYPE per record
//   - a script per page and shard of the index, and a walk over the index
//   - a script per idle record; in a cluster, a PTTL and two scripts
//
// Under Fixed in a cluster, a pass may remove a record that is read or updated at that moment. A
// record that is Set at that moment stays.
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
		return res, c.fail(op, "", err) // there is no pass, so the hook is not called
	}
	var once sync.Once
	release := func(made bool) {
		once.Do(func() {
			if turn != nil {
				turn.Release(ctx, made)
			}
		})
	}
	defer release(false) // also if the Hook panics
	c.passes.Store(&once, release)
	defer c.passes.Delete(&once)
	ctx, run := c.beginTimed(ctx, hook, op, 0)
	defer run.ensureEnd(ctx)
	// also after a panic of a callback, and before the Hook is called
	defer func() { release(ctx.Err() == nil) }()
	run.op.Sweep = &res
	if err != nil {
		return res, run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	if c.index != nil {
		c.index.Settle(ctx)
	}
	res, err = reap.Run(ctx, c.reaper(), turn.Lease, maxIdle, pass)
	// before the Hook, which may take long
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

// sweepable returns an error if no pass can remove the records that are idle for maxIdle.
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

// sweepTarget is the cache for its Sweeper. If a function of the caller panics or calls
// runtime.Goexit there, the pass ends, the Sweeper goes on and the Hook is told. Without a Hook, a
// panic ends the program.
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
				return // the callback has panicked, or the cache is closed
			}
			t.tasks.call(func() {
				if err := contain(func() { progress(p) }); err != nil {
					cancel(err)
				}
			})
		}
	}
	if err := t.ready(ctx); err != nil {
		return res, t.fail("Sweep", "", err) // the cache is closing, and the Hook is not told
	}
	hook := t.backgroundHook()
	ended := t.passed.begin(pass.Every)
	defer func() { ended(err) }()
	res, err = t.sweep(ctx, maxIdle, pass, hook)
	if panicked, ok := errors.AsType[*PanicError](err); ok && hook == nil {
		panic(panicked) // nothing else would report it
	}
	return res, err
}

// backgroundHook returns the Hook for background tasks, or nil without one. It wraps each Hook
// separately: if one panics, the others are still called.
func (c *core) backgroundHook() Hook {
	var hooks []Hook
	for _, h := range hooksOf[Hook](c.hook) {
		hooks = append(hooks, backgroundHook{h, &c.tasks})
	}
	return Hooks(hooks...)
}

// backgroundHook is a Hook that background tasks call.
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

// call calls the hook. If the hook panics, call calls its End once more, with that panic as the
// error. If this panics too, the panic ends the program.
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
