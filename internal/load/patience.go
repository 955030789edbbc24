package load

import (
	"context"
	"math"
	"sync"
	"time"
)

// patience makes contexts that bound how long Redis is waited for. A context costs one allocation:
// its Done channel is shared by all contexts that are made at about the same time.
type patience struct {
	limit time.Duration

	mu    sync.Mutex
	until time.Time     // contexts made before share done
	done  chan struct{} // closed when the last of them has ended
}

// shares is in how many parts the limit is cut: contexts made in one of them share a channel.
const shares = 8

// maxLimit keeps limit and part from overflowing. It is 146 years.
const maxLimit = math.MaxInt64 / 2

// bound returns a context that ends after the limit, or ctx itself if that ends before. Deadline
// and Err are exact. Done comes an eighth of the limit later at most, and not for a cancellation of
// ctx. go-redis asks for Done while it waits for a connection, and sets the deadline of a
// connection by Deadline.
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

// bounded is a context with a deadline of its own.
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
