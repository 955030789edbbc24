package store

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/sweep"
)

// leaseTTL is how long a sweep may go without a sign of life before another
// process takes over.
const leaseTTL = 10 * time.Second

// Lease is the right to sweep, which one process has at a time: a key with a
// token that only its holder knows.
type Lease struct {
	store *Store
	token string
	every time.Duration
	begun time.Time

	mu       sync.Mutex
	extended time.Time
}

// Claim takes the lease. If another process has it, Claim returns sweep.ErrBusy
// or, where passes are to be an interval apart, a *sweep.NotDueError; the same if
// the last pass is less than the interval ago. It costs one to four commands.
func (s *Store) Claim(ctx context.Context, every time.Duration) (*Lease, error) {
	if err := s.due(ctx, every); err != nil {
		return nil, err
	}
	l := &Lease{store: s, token: rand.Text(), every: every, extended: time.Now()}
	taken, err := s.rdb.SetNX(ctx, s.leaseKey(), l.token, leaseTTL).Result()
	switch {
	case err != nil:
		return nil, failure(err)
	case taken:
		// The one who had the lease until now may have made the pass.
		if err := s.due(ctx, every); err != nil {
			l.free(ctx)
			return nil, err
		}
		// Now, and not when the lease was asked for: what that takes on a busy machine
		// may be longer than the interval, and would leave nothing of it.
		l.begun = time.Now()
		return l, nil
	case every == 0:
		return nil, sweep.ErrBusy
	}
	left, err := s.rdb.PTTL(ctx, s.leaseKey()).Result()
	if err != nil {
		return nil, failure(err)
	}
	if left <= 0 { // it is free by now, or nothing that a sweep wrote
		left = time.Second
	}
	return nil, &sweep.NotDueError{In: min(left, every)}
}

func (s *Store) leaseKey() string { return s.bookkeeping("sweep") }
func (s *Store) turnKey() string  { return s.bookkeeping("swept") }

// due reports when the next pass may begin, if it may not begin now.
func (s *Store) due(ctx context.Context, every time.Duration) error {
	if every == 0 {
		return nil
	}
	left, err := s.rdb.PTTL(ctx, s.turnKey()).Result()
	if err != nil {
		return failure(err)
	}
	if left > 0 {
		return &sweep.NotDueError{In: left}
	}
	return nil
}

// keep extends the lease when a third of it has passed, also when it has expired
// and nobody has taken it. It returns sweep.ErrLost if another process has.
func (l *Lease) keep(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.extended) < leaseTTL/3 {
		return nil
	}
	now := time.Now()
	err := found(run(ctx, l.store.send, redis.NewCmd, extendScript, l.store.leaseKey(), l.token, leaseTTL.Milliseconds()))
	switch err {
	case nil:
		l.extended = now
	case ErrNotFound:
		return sweep.ErrLost
	}
	return err
}

// Release ends the lease. If the pass was made, whatever came of it, the next one
// is due an interval after its beginning.
func (l *Lease) Release(ctx context.Context, made bool) {
	// Also when the pass ended because ctx has.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if left := l.every - time.Since(l.begun); made && left >= time.Millisecond {
		_ = l.store.rdb.Set(ctx, l.store.turnKey(), 1, left.Truncate(time.Millisecond)).Err()
	}
	l.free(ctx)
}

// free removes the lease. One that cannot be removed expires.
func (l *Lease) free(ctx context.Context) {
	_ = run(ctx, l.store.send, redis.NewCmd, releaseScript, l.store.leaseKey(), l.token).Err()
}
