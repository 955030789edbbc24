package cache

import (
	"context"
	"errors"
	"time"

	"github.com/activettl/rediscache/sweep"
)

// Hook is told of every operation of a cache: this is where metrics and traces
// attach. It must be safe for concurrent use, and it runs in the caller's
// goroutine, so what it does adds to the operation's time.
//
// A panic of a Hook goes on to the caller. At a "Load" it is that of the loader. At what happens in
// the background (a "Refresh", an "Outage", a "Near", a sweep) it goes nowhere: End is called once
// more, with the panic as the Err. If that panics too, the program ends.
type Hook interface {
	// Start is called before the operation, with Kind, Cache and Keys. The
	// operation runs under the context that it returns.
	Start(ctx context.Context, op Op) context.Context

	// End is called after the operation, with all of Op and Start's context.
	End(ctx context.Context, op Op)
}

// Op is an operation as a Hook sees it. It holds no key and no value, and neither does its Err.
// Only a function of the caller may put them there: in the text of its error, keys are replaced if
// they are quoted or have 6 bytes or more.
type Op struct {
	// Kind is the method: "Get", "SetMany", "All". Others are "Load" and "Refresh", see Load;
	// "Outage": a server does not answer, and Err says why; "New": Err says what the client lacks;
	// and "Near": Err says why no copies are kept.
	Kind  string
	Cache string // the cache's name
	// how many keys it was given; in End of All, Keys, Len and Clear, how many records it met
	Keys int

	// All that follows is zero in Start.

	Outcome Outcome
	// how many records it read, wrote, renewed or removed; those that a walk met
	Hits int
	// how many of its keys had no record; a key that is given twice counts once
	Misses  int
	Failed  int           // how many of its keys, or of the records that a walk met, had an error
	Near    int           // how many of its keys were answered from memory; see Options.Near
	Rescued int           // how many Hits are older copies, since Redis did not answer
	Elapsed time.Duration // of the operation; zero if memory answered it at once

	// Err is what the operation returned, without the keys; of a walk, the first error. It is nil
	// if that was ErrNotFound or ErrExists, since Outcome says so.
	Err error

	// ErrorType is the type of Err, for metrics. It is empty without an Err, and else one of these:
	//   - Redis: "connection", "timeout", "unavailable" (it counts as out), "redis" (it answers an
	//     error), "unknown_outcome"
	//   - the record: "decode", "wrong_type", "conflict"
	//   - what was given: "key", "ttl", "nil_value", "encode", "too_large", "unknown_field",
	//     "field_value", "max_idle", "not_tracked", "setting"
	//   - a loader: "loader" (it returned an error), "load_timeout", "load_circle"
	//   - and "canceled", "closed", "panic", "sweep_lost", "near_off", "other": what the function
	//     given to Modify or Upsert returns, for example
	ErrorType string

	// Load tells where the records came from, in End of GetOrLoad, GetOrLoadMany and Reload. It is
	// nil if all that GetOrLoad asked for was there, and where no loader could be asked.
	//
	// Two more kinds have it: "Load" is the call of a loader, and "Refresh" that of one in the
	// background. Their Keys are how many it was called for. A "Refresh" without Load and Keys says
	// why none was called: Redis has refused its lease.
	Load *LoadStats

	// Sweep is what a pass did, in End of Sweep; nil otherwise. Keys is then how
	// many records it looked at, Hits how many it removed.
	Sweep *sweep.Result

	exists     bool // Misses are records that Add found
	nearMisses int  // how many of Near are Misses
}

// operation is an Op under way.
type operation struct {
	hook    Hook
	secrets []string  // keys that a text of the caller may name
	start   time.Time // zero if it is not timed
	op      Op

	keys     int  // that it was given; 0 for a walk
	byLoader bool // its error is that of the loader
	byCaller bool // its error is that of the function given to Modify or Upsert
}

// begin opens an operation. Without a hook it costs nothing.
func (c *core) begin(ctx context.Context, kind string, keys int) (context.Context, operation) {
	return c.beginTimed(ctx, c.hook, kind, keys)
}

// beginTimed is begin for any hook, or none.
func (c *core) beginTimed(
	ctx context.Context, hook Hook, kind string, keys int,
) (context.Context, operation) {
	if hook == nil {
		return ctx, operation{}
	}
	ctx, run := c.beginUntimed(ctx, hook, kind, keys)
	run.start = time.Now()
	return ctx, run
}

// beginUntimed is beginTimed for a hook that is there, without a look at the clock.
func (c *core) beginUntimed(
	ctx context.Context, hook Hook, kind string, keys int,
) (context.Context, operation) {
	op := Op{Kind: kind, Cache: c.names.String(), Keys: keys}
	if started := hook.Start(ctx, op); started != nil {
		ctx = started
	}
	return ctx, operation{hook: hook, op: op, keys: keys}
}

// errPanicked is the Err of an operation in which a function of the caller did not return. Such
// functions are a codec, the function given to Modify, the body of a range over All, a callback and
// a Hook. The panic itself goes on to the caller.
var errPanicked = errors.New("panic or runtime.Goexit in a function of the caller")

// ensureEnd is deferred by every operation, so that the Hook is told of its end also when it
// panics.
func (o *operation) ensureEnd(ctx context.Context) {
	if o.hook != nil {
		o.finish(ctx, errPanicked)
	}
}

// end closes an operation on one key and passes its error on.
func (o *operation) end(ctx context.Context, err error) error {
	if o.hook == nil {
		return err
	}
	told := err
	switch met := cause(err); {
	case o.byCaller:
	case met == nil:
		o.op.Hits = 1
	case met == ErrNotFound:
		o.op.Misses, told = 1, nil
	case met == ErrExists:
		o.op.Misses, o.op.exists, told = 1, true, nil
	}
	o.finish(ctx, told)
	return err
}

// cause returns what an operation on a key met. A function of the caller may return an error that
// wraps ErrNotFound; that is no miss.
func cause(err error) error {
	if e, ok := err.(*Error); ok {
		err = e.Err
	}
	if h, ok := err.(*hidden); ok {
		err = h.err
	}
	return err
}

// endNear is end for what a copy has answered.
func (o *operation) endNear(ctx context.Context, err error) error {
	o.op.Near = 1
	if err != nil {
		o.op.nearMisses = 1
	}
	return o.end(ctx, err)
}

// endMany closes an operation on many keys and passes its error on.
func (o *operation) endMany(ctx context.Context, hits, misses int, err error) error {
	if o.hook == nil {
		return err
	}
	o.op.Hits, o.op.Misses = hits, misses
	o.finish(ctx, err)
	return err
}

// finish tells the Hook of the end.
func (o *operation) finish(ctx context.Context, err error) {
	op := &o.op
	if !o.start.IsZero() {
		op.Elapsed = time.Since(o.start)
	}
	op.Failed += failedKeys(err, o.keys) // a walk has counted them
	if op.loads() {                      // Err is one of several, or says why a value is not stored
		op.Failed = op.Keys - op.Load.Loaded - op.Load.Absent
	}
	if err != nil {
		op.ErrorType = errorType(err)
		switch {
		case o.byCaller:
			op.ErrorType = "other"
		case o.byLoader && ambiguous(op.ErrorType):
			op.ErrorType = "loader"
		}
		op.Err = hide(withoutKeys(err), "a key", o.secrets...)
	}
	op.Outcome = op.outcome()
	hook := o.hook
	o.hook = nil
	hook.End(ctx, o.op)
}

// failedKeys returns how many of the keys of an operation failed with err.
func failedKeys(err error, keys int) (n int) {
	switch e := err.(type) {
	case nil:
		return 0
	case *batchError:
		for _, err := range e.errs {
			n += failedKeys(err, 1)
		}
	case *Error:
		n = keys
		if e.Key != "" {
			n = 1
		}
	default: // a function of the caller has not returned
		n = keys
	}
	return min(n, keys)
}
