package load

import (
	"context"
	"math"
	"sync"
	"time"
)

// patience makes contexts that bound how long a command waits for Redis. A context costs one
// allocation, since contexts made at about the same time share a Done channel.
type patience struct {
	limit time.Duration

	mu    sync.Mutex
	until time.Time     // contexts made before this time share done
	done  chan struct{} // closed when the last of them has ended
}

// shares is how many parts the limit has. Contexts made within one part share a channel.
const shares = 8

// maxLimit prevents an overflow of limit plus part. It is 146 years.
const maxLimit = math.MaxInt64 / 2

// bound returns a context that ends after the limit, or ctx itself if ctx ends earlier. Deadline
// and Err are exact. Done is closed up to an eighth of the limit after the deadline, and not when
// ctx is cancelled. That is enough for go-redis: it uses Done while it waits for a connection, and
// sets the deadline of a connection from Deadline.
func (p *patience) bound(ctx context.Context) context.Context {
	now, limit := time.Now(), min(p.limit, maxLimit)
	deadline := now.Add(limit)
	if own, ok := ctx.Deadline(); ok && !own.After(deadline) {
		return ctx
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) {
		part := limit/shares + 1
		done := make(chan struct{})
		p.until, p.done = now.Add(part), done
		time.AfterFunc(limit+part, func() { close(done) })
	}
	return &bounded{ctx, deadline, p.done}
}

// bounded is a context with its own deadline.
type bounded struct {
	context.Context
	deadline time.Time
	done     <-chan struct{}
}

// Deadline implements context.Context.
func (b *bounded) Deadline() (time.Time, bool) { return b.deadline, true }

// Done implements context.Context.
func (b *bounded) Done() <-chan struct{} { return b.done }

// Err implements context.Context.
func (b *bounded) Err() error {
	if err := b.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(b.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}
