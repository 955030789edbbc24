package reap

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/lease"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/sweep"
)

// leaseTTL is how long a pass may go without renewing its lease before another process takes over.
const leaseTTL = 10 * time.Second

// Turn is the right to make a pass. One process has it at a time.
type Turn struct {
	Lease *lease.Lease

	wire  *wire.Client
	names names.Names
	every time.Duration
	begun time.Time
}

// Take takes the turn. If another process has it, Take returns sweep.ErrBusy if every is 0, and
// otherwise a *sweep.NotDueError. If the last pass began less than every ago, it also returns a
// *sweep.NotDueError. It costs one to four commands.
func Take(ctx context.Context, w *wire.Client, n names.Names, every time.Duration) (*Turn, error) {
	t := &Turn{wire: w, names: n, every: every}
	if err := t.due(ctx); err != nil {
		return nil, err
	}
	l, left, err := lease.Take(ctx, w, n.Sweep(), leaseTTL)
	switch {
	case err != nil:
		return nil, err
	case l == nil && every == 0:
		return nil, sweep.ErrBusy
	case l == nil:
		return nil, &sweep.NotDueError{In: min(max(left, time.Millisecond), every)}
	}
	t.Lease = l
	// The process that had the lease until now may have made the pass.
	if err := t.due(ctx); err != nil {
		l.GiveBack(ctx)
		return nil, err
	}
	// The interval begins now, and not when the lease was asked for. On a busy machine, taking the
	// lease may take longer than the interval, and nothing of the interval would be left.
	t.begun = time.Now()
	return t, nil
}

// due returns a *sweep.NotDueError if the next pass may not begin now.
func (t *Turn) due(ctx context.Context) error {
	if t.every == 0 {
		return nil
	}
	key := t.names.Swept()
	cmd := t.wire.Primaries().Do(ctx, key, redis.NewIntCmd(ctx, "pttl", key)).(*redis.IntCmd)
	if err := wire.Err(cmd); err != nil {
		return err
	}
	if left := cmd.Val(); left > 0 {
		return &sweep.NotDueError{In: wire.Milliseconds(left)}
	}
	return nil
}

// releaseLimit bounds how long the end of a turn takes.
const releaseLimit = time.Second

// Release ends the turn. If the pass was made, with or without an error, the next one is due an
// interval after it began.
func (t *Turn) Release(ctx context.Context, made bool) {
	// The turn must also end if ctx has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	if left := (t.every - time.Since(t.begun)).Milliseconds(); made && left > 0 {
		key := t.names.Swept()
		t.wire.Do(ctx, key, redis.NewStatusCmd(ctx, "set", key, 1, "px", left))
	}
	_ = t.Lease.Release(ctx) // if that fails, the lease expires
}
