package sweep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Defaults of Periodic. The pages are small because other clients wait for each burst of work,
// whatever the average load is. On a machine of two cores under a load of reads, at a duty of 0.1,
// pages of 512 keys made the p99 of the reads 3.7 times as long. Pages of 64 and of 32 made it up
// to twice as long. benchmarks/README.md has the numbers of these defaults.
const (
	DefaultDuty               = 0.05
	DefaultBackgroundPageSize = 16
)

// Periodic makes a pass at every Interval. Of all the processes that run it on one cache, one makes
// the pass. The first pass comes after a random part of the Interval, so that processes that start
// together do not all ask at the same time.
//
// A pass that fails is reported to the cache's Hook, and the next one follows an Interval later. So
// is a pass in which a callback panics: the Hook is told a *cache.PanicError. Without a Hook, the
// panic ends the program.
type Periodic struct {
	Interval time.Duration // between the beginnings of two passes; required
	MaxIdle  time.Duration // a record is removed when it was not used for so long; required

	PageSize int            // as in the option PageSize; zero means DefaultBackgroundPageSize
	Duty     float64        // as in the option Duty; zero means DefaultDuty
	Progress func(Progress) // as in the option OnProgress; may be nil
}

// Check implements [Sweeper].
func (p Periodic) Check(longest time.Duration) error {
	switch {
	case p.Interval < time.Millisecond:
		return fmt.Errorf("Periodic.Interval %v is less than 1ms", p.Interval)
	case p.MaxIdle < time.Millisecond:
		return fmt.Errorf("Periodic.MaxIdle %v is less than 1ms", p.MaxIdle)
	case p.MaxIdle >= longest:
		return fmt.Errorf("Periodic.MaxIdle %v is too long: a pass sees idle times below %v only",
			p.MaxIdle, longest)
	}
	if _, err := NewPass(p.options()...); err != nil {
		return fmt.Errorf("Periodic: %w", err)
	}
	return nil
}

func (p Periodic) options() []Option {
	opts := []Option{Every(p.Interval), Duty(DefaultDuty), PageSize(DefaultBackgroundPageSize)}
	if p.Duty != 0 {
		opts = append(opts, Duty(p.Duty))
	}
	if p.PageSize != 0 {
		opts = append(opts, PageSize(p.PageSize))
	}
	if p.Progress != nil {
		opts = append(opts, OnProgress(p.Progress))
	}
	return opts
}

// Run implements [Sweeper].
func (p Periodic) Run(ctx context.Context, target Target) {
	wait := rand.N(p.Interval)
	for sleep(ctx, wait) {
		wait = p.pass(ctx, target)
	}
}

// pass makes a pass if it is due, and returns how long to wait for the next.
func (p Periodic) pass(ctx context.Context, target Target) (wait time.Duration) {
	begun := time.Now()
	_, err := target.Sweep(ctx, p.MaxIdle, p.options()...)
	// A fleet that waits for the same moment asks one after the other.
	spread := rand.N(p.Interval/50 + 1)
	if notDue, ok := errors.AsType[*NotDueError](err); ok {
		return notDue.In + spread
	}
	return max(p.Interval-time.Since(begun), 0) + spread
}

// sleep waits for d and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
