package cache

import (
	"context"
	"errors"
	"time"
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

// Op is an operation as a Hook sees it. It holds no key and no value.
type Op struct {
	Kind    string        // the method: "Get", "SetMany", "All"
	Cache   string        // the cache's name
	Keys    int           // how many keys it was given; in End of All, Keys, Len and Clear, how many it met
	Hits    int           // how many records it read, wrote, renewed, removed or counted
	Misses  int           // how many of its keys had no record
	Elapsed time.Duration // of the operation; zero in Start
	Err     error         // what the operation returned, or nil
}

// operation is an Op under way.
type operation struct {
	hook  Hook
	start time.Time
	op    Op
}

// begin opens an operation. Without a hook it costs nothing.
func (c *core) begin(ctx context.Context, kind string, keys int) (context.Context, operation) {
	if c.hook == nil {
		return ctx, operation{}
	}
	op := Op{Kind: kind, Cache: c.name, Keys: keys}
	return c.hook.Start(ctx, op), operation{c.hook, time.Now(), op}
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
	o.op.Elapsed, o.op.Err = time.Since(o.start), err
	o.hook.End(ctx, o.op)
	return err
}
