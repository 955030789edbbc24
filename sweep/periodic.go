package sweep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Defaults of [Periodic]. The pages are small because other clients wait during each burst of work,
// whatever the average load is. The effect was measured on a machine of two cores under a load of
// reads, with a duty of 0.1. Pages of 512 keys made the p99 of the reads 3.7 times as long. Pages
// of 64 and of 32 made it up to twice as long. benchmarks/results/by-hand.md has the numbers of
// these defaults.
const (
	DefaultDuty               = 0.05
	DefaultBackgroundPageSize = 16
)

// Periodic is a [Sweeper] that makes a pass at every Interval. Of all processes that run it on one
// cache, one makes the pass. The first pass comes after a random part of the Interval, so that
// processes that start together do not all ask at the same time. The zero Periodic is not valid:
// Interval and MaxIdle are required.
//
// A pass that fails is reported to the cache's Hook, and the next one comes an Interval later. If a
// callback panics, the Hook gets a *cache.PanicError. Without a Hook, the panic ends the program.
type Periodic struct {
	Interval time.Duration // from the start of one pass to the next; at least 1 ms; required
	MaxIdle  time.Duration // removes records that were idle for at least this long; required

	PageSize int            // see the option PageSize; zero means DefaultBackgroundPageSize
	Duty     float64        // see the option Duty; zero means DefaultDuty
	Progress func(Progress) // see the option OnProgress; nil means none
}

// Check implements [Sweeper]. It returns an error if a field is out of range.
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

// Run implements [Sweeper]. It ignores the errors of passes; the cache reports them to its Hook.
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
	// Processes that wait for the same moment must not all ask at once.
	spread := rand.N(p.Interval/50 + 1)
	if notDue, ok := errors.AsType[*NotDueError](err); ok {
		return notDue.In + spread
	}
	return max(p.Interval-time.Since(begun), 0) + spread
}

// sleep waits for d. It returns false if ctx has ended.
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
