package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Result is what a pass did.
type Result struct {
	Scanned int // records it looked at
	Removed int // records it removed; in a dry run, would have removed
	// records that looked idle and were not, or were gone, on the second look
	Kept        int
	Failed      int           // records that it could not judge or remove
	LongestIdle time.Duration // of the records it looked at
	Elapsed     time.Duration
	DryRun      bool // nothing was removed; see the option DryRun
}

// Progress is how far a pass has come.
type Progress struct {
	Scanned int // records looked at so far
	// keys of the database when the pass began: those of this cache, all others, and bookkeeping
	Total   int
	Removed int
}

// Target is a cache as a Sweeper sees it.
type Target interface {
	// Sweep makes one pass that removes the records idle for at least maxIdle. It
	// returns a [*NotDueError] if it is not this process's turn.
	Sweep(ctx context.Context, maxIdle time.Duration, opts ...Option) (Result, error)
}

// Sweeper sweeps a cache in the background. [Periodic] is the one of this
// package.
type Sweeper interface {
	// Check reports what is wrong with the Sweeper for a cache whose records are
	// seen idle for less than longest at any time. The cache calls it when it is made.
	Check(longest time.Duration) error

	// Run sweeps target until ctx ends, and returns soon after. The cache calls it
	// once, in a goroutine of its own.
	Run(ctx context.Context, target Target)
}

// ErrBusy means that another pass over the same cache is under way, in this
// process or another one.
var ErrBusy = errors.New("another sweep is under way")

// ErrLost means that the pass ended early: it had given no sign of life for so long that another
// process took over.
var ErrLost = errors.New("the sweep was taken over by another process")

// NotDueError means that the pass was not made: another process has the turn, or
// had it less than an interval ago.
type NotDueError struct {
	In time.Duration // after which to ask again
}

// Error implements error.
func (e *NotDueError) Error() string {
	return fmt.Sprintf("sweep is not due for %v", e.In.Round(time.Millisecond))
}

// Pass is how a pass is made. A cache makes it by [NewPass] from the options that it is given. The
// zero Pass is not valid.
type Pass struct {
	DryRun   bool
	PageSize int
	Duty     float64
	Every    time.Duration
	Progress func(Progress)
}

// Defaults of a pass.
const (
	DefaultPageSize = 512
	maxPageSize     = 2000 // a SCAN of so many keys holds a server for about 2 ms
)

// NewPass returns the Pass of the options, or an error that names the one that is
// out of range.
func NewPass(opts ...Option) (Pass, error) {
	p := Pass{PageSize: DefaultPageSize, Duty: 1}
	for _, o := range opts {
		if o != nil {
			o.apply(&p)
		}
	}
	switch {
	case p.PageSize < 1 || p.PageSize > maxPageSize:
		return p, fmt.Errorf("PageSize %d is not from 1 to %d", p.PageSize, maxPageSize)
	case !(p.Duty > 0 && p.Duty <= 1): // written so that NaN is out of range too
		return p, fmt.Errorf("Duty %v is not above 0 and at most 1", p.Duty)
	case p.Every < 0:
		return p, fmt.Errorf("Every %v is negative", p.Every)
	}
	return p, nil
}

// maxPause bounds the pause after a page, so that a server that stalled once does not stall the
// whole pass.
const maxPause = time.Second

// Pause returns how long a pass rests after a page that took work.
func (p Pass) Pause(work time.Duration) time.Duration {
	if p.Duty <= 0 || p.Duty >= 1 {
		return 0
	}
	return min(time.Duration(float64(work)*(1/p.Duty-1)), maxPause)
}

// Option is an option of one pass.
type Option interface{ apply(*Pass) }

type option func(*Pass)

func (o option) apply(p *Pass) { o(p) }

// DryRun looks and counts, and removes nothing.
func DryRun() Option { return option(func(p *Pass) { p.DryRun = true }) }

// PageSize is how many keys of the database a pass asks for at a time,
// from 1 to 2000. The default is 512. It bounds the memory of the pass, and how long
// a burst of work holds up other clients.
func PageSize(n int) Option { return option(func(p *Pass) { p.PageSize = n }) }

// Duty is the share of its time that a pass works, above 0 and at most 1. After each page the pass
// rests until its work was no more than that share. So it slows down by itself when the server is
// busy. The default of one pass on demand is 1, no rest; that of Periodic is [DefaultDuty].
func Duty(share float64) Option { return option(func(p *Pass) { p.Duty = share }) }

// Every makes the pass only if no process has made one by Every in the last
// interval, and else returns a [*NotDueError].
func Every(interval time.Duration) Option { return option(func(p *Pass) { p.Every = interval }) }

// OnProgress calls fn after each page, one call at a time. A pass over a cluster
// walks several servers at once and waits for fn; if fn takes longer than 10 s,
// another process may take the pass over.
func OnProgress(fn func(Progress)) Option { return option(func(p *Pass) { p.Progress = fn }) }
