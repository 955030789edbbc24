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
type Hook interface {
	// Start is called before the operation, with Kind, Cache and Keys. The
	// operation runs under the context that it returns.
	Start(ctx context.Context, op Op) context.Context

	// End is called after the operation, with all of Op and Start's context.
	End(ctx context.Context, op Op)
}

// Op is an operation as a Hook sees it. It holds no key and no value, and neither does its Err.
type Op struct {
	// Kind is the method: "Get", "SetMany", "All". Others are "Load" and "Refresh", see Load;
	// "Outage": a server does not answer, and Err says why; "New": Err says what the client lacks;
	// and "Near": Err says why no copies are kept.
	Kind  string
	Cache string // the cache's name
	// how many keys it was given; in End of All, Keys, Len and Clear, how many records it met
	Keys int
	// how many records it read, wrote, renewed or removed; those that a walk met
	Hits int
	// how many of its keys had no record; a key that is given twice counts once
	Misses  int
	Near    int           // how many of its keys were answered from memory; see Options.Near
	Rescued int           // how many by older copies, since Redis did not answer
	Elapsed time.Duration // of the operation; zero in Start
	// what the operation returned, or nil, without the keys; the first error that ended a part of a
	// walk
	Err error

	// Load tells where the records came from, in End of GetOrLoad, GetOrLoadMany and Reload, and of
	// two more kinds: "Load" is the call of a loader, and "Refresh" that of one in the background.
	// Their Keys are how many it was called for. It is nil otherwise.
	Load *LoadStats

	// Sweep is what a pass did, in End of Sweep; nil otherwise. Keys is then how
	// many records it looked at, Hits how many it removed.
	Sweep *sweep.Result
}

// operation is an Op under way.
type operation struct {
	hook    Hook
	secrets []string // keys that a text of the caller may name
	start   time.Time
	op      Op
}

// begin opens an operation. Without a hook it costs nothing.
func (c *core) begin(ctx context.Context, kind string, keys int) (context.Context, operation) {
	if c.hook == nil {
		return ctx, operation{}
	}
	return c.beginBy(ctx, c.hook, kind, keys)
}

// beginBy is begin for a hook that is there.
func (c *core) beginBy(
	ctx context.Context, hook Hook, kind string, keys int,
) (context.Context, operation) {
	op := Op{Kind: kind, Cache: c.names.String(), Keys: keys}
	if started := hook.Start(ctx, op); started != nil {
		ctx = started
	}
	return ctx, operation{hook: hook, start: time.Now(), op: op}
}

// errPanicked is the Err of an operation in which a function of the caller did not return. Such
// functions are a codec, the function given to Modify, the body of a range over All, and a
// callback. The panic itself goes on to the caller.
var errPanicked = errors.New("panic or runtime.Goexit in a function of the caller")

// ensureEnd is deferred by every operation, so that the Hook is told of its end also when it
// panics.
func (o *operation) ensureEnd(ctx context.Context) {
	if o.hook != nil {
		_ = o.finish(ctx, errPanicked)
	}
}

// end closes an operation on one key and passes its error on.
func (o *operation) end(ctx context.Context, err error) error {
	if o.hook == nil {
		return err
	}
	switch {
	case err == nil:
		o.op.Hits = 1
	case errors.Is(err, ErrNotFound):
		o.op.Misses = 1
	}
	return o.finish(ctx, err)
}

// endMany closes an operation on many keys and passes its error on.
func (o *operation) endMany(ctx context.Context, hits, misses int, err error) error {
	if o.hook == nil {
		return err
	}
	o.op.Hits, o.op.Misses = hits, misses
	return o.finish(ctx, err)
}

func (o *operation) finish(ctx context.Context, err error) error {
	o.op.Elapsed, o.op.Err = time.Since(o.start), hide(withoutKeys(err), "a key", o.secrets...)
	hook := o.hook
	o.hook = nil
	hook.End(ctx, o.op)
	return err
}
