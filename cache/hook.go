package cache

import (
	"context"
	"errors"
	"time"

	"github.com/activettl/rediscache/sweep"
)

// Hook learns of every operation of a cache. Use it for metrics and traces. It must be safe for
// concurrent use. Start and End run in the goroutine of the caller, so their time adds to the time
// of the operation.
//
// If a Hook panics, the caller of the operation gets the panic. If it panics at a "Load", all
// callers that wait for the load get a [*PanicError]. Some operations run in the background:
// "Refresh", "Outage", "Near" and background sweeps. If a Hook panics there, the cache calls End
// once more, with the panic as Err. If that call panics too, the program ends.
type Hook interface {
	// Start is called before the operation. Only Kind, Cache and Keys of op are set. The operation
	// runs with the context that Start returns, or with ctx if that is nil.
	Start(ctx context.Context, op Op) context.Context

	// End is called after the operation, with the context that Start returned. All fields of op are
	// set.
	End(ctx context.Context, op Op)
}

// Op is an operation as a Hook sees it. Neither Op nor its Err holds a key or a value. There is one
// exception: a function of the caller may put one into the text of its error. In that text, keys
// are replaced if they are in quotes or have at least 6 bytes.
type Op struct {
	// Kind is the name of the method, such as "Get", "SetMany" or "All", or one of these:
	//   - "Load" and "Refresh": the call of a loader, see Load
	//   - "Outage": a server does not answer; Err says why
	//   - "New": the Redis client lacks a setting; Err says which
	//   - "Near": no copies are kept; Err says why
	Kind  string
	Cache string // the full name of the cache

	// Keys is the number of keys that the operation was given. In End of All, Keys, Len and Clear
	// it is the number of records that the walk met.
	Keys int

	// The fields below are zero in Start.

	Outcome Outcome

	Hits    int // records that it read, wrote, renewed or removed; of a walk: records without error
	Misses  int // keys without a record; a duplicate key counts once
	Failed  int // keys, or records that a walk met, with an error
	Near    int // keys that a copy in memory answered; see Options.Near
	Rescued int // the Hits that came from older copies, since Redis did not answer

	Elapsed time.Duration // zero if a copy in memory answered the operation at once

	// Err is the error of the operation, without keys; of a walk, the first error. It is nil for
	// ErrNotFound and ErrExists, since Outcome names these.
	Err error

	// ErrorType is the type of Err, for metrics. It is empty without an Err. Otherwise it is one of
	// these:
	//   - about Redis: "connection", "timeout", "unavailable" (the server counts as out), "redis"
	//     (Redis answered with an error), "unknown_outcome"
	//   - about the record: "decode", "wrong_type", "conflict"
	//   - about an argument or option: "key", "ttl", "nil_value", "encode", "too_large",
	//     "unknown_field", "field_value", "max_idle", "not_tracked", "setting"
	//   - about a loader: "loader" (it returned an error), "load_timeout", "load_circle"
	//   - other: "canceled", "closed", "panic", "sweep_lost", "near_off", and "other", for example
	//     for an error of the function given to Modify or Upsert
	ErrorType string

	// Load says where the records came from, in End of GetOrLoad, GetOrLoadMany and Reload. It is
	// nil if GetOrLoad found its record, and if no loader could be asked.
	//
	// It is also set for "Load", the call of a loader, and "Refresh", such a call in the
	// background. Keys is then the number of keys that the loader was called for. A "Refresh" with
	// Load nil and Keys 0 means that Redis refused the lease, so no loader was called.
	Load *LoadStats

	// Sweep is the result of the pass, in End of Sweep; otherwise nil. Keys is then the number of
	// records that the pass looked at, and Hits the number that it removed.
	Sweep *sweep.Result

	exists     bool // the Misses are records that Add found
	nearMisses int  // the keys of Near that are Misses
}

// operation is an Op in progress.
type operation struct {
	hook    Hook
	secrets []string  // keys that the text of a caller's error may name
	start   time.Time // zero if it is not timed
	op      Op

	keys     int  // the number of keys given; 0 for a walk
	byLoader bool // the error is that of the loader
	byCaller bool // the error is that of the function given to Modify or Upsert
}

// begin opens an operation. Without a hook it costs nothing.
func (c *core) begin(ctx context.Context, kind string, keys int) (context.Context, operation) {
	return c.beginTimed(ctx, c.hook, kind, keys)
}

// beginTimed is begin for any hook. A nil hook is allowed.
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

// beginUntimed is beginTimed for a hook that is not nil. It does not read the clock.
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
// a Hook. The caller gets the panic itself.
var errPanicked = errors.New("panic or runtime.Goexit in a function of the caller")

// ensureEnd is deferred by every operation, so that the Hook learns of the end even after a panic.
func (o *operation) ensureEnd(ctx context.Context) {
	if o.hook != nil {
		o.finish(ctx, errPanicked)
	}
}

// end closes an operation on one key and returns its error.
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

// cause returns the cause of the error of an operation on a key. It does not unwrap that cause: a
// function of the caller may return an error that wraps ErrNotFound, which is not a miss.
func cause(err error) error {
	if e, ok := err.(*Error); ok {
		err = e.Err
	}
	if h, ok := err.(*hidden); ok {
		err = h.err
	}
	return err
}

// endNear is end for an operation that a copy has answered.
func (o *operation) endNear(ctx context.Context, err error) error {
	o.op.Near = 1
	if err != nil {
		o.op.nearMisses = 1
	}
	return o.end(ctx, err)
}

// endMany closes an operation on many keys and returns its error.
func (o *operation) endMany(ctx context.Context, hits, misses int, err error) error {
	if o.hook == nil {
		return err
	}
	o.op.Hits, o.op.Misses = hits, misses
	o.finish(ctx, err)
	return err
}

// finish calls End of the Hook.
func (o *operation) finish(ctx context.Context, err error) {
	op := &o.op
	if !o.start.IsZero() {
		op.Elapsed = time.Since(o.start)
	}
	op.Failed += failedKeys(err, o.keys) // a walk has counted its own
	// Err may be a loader's, for some of the keys, or say why a value is not stored.
	if op.loads() {
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

// failedKeys returns the number of keys of an operation that failed with err.
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
	default: // a function of the caller did not return
		n = keys
	}
	return min(n, keys)
}
