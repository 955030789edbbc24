package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Result is what a pass did. Scanned, Removed, Kept and Failed count records.
type Result struct {
	Scanned     int           // the pass looked at these
	Removed     int           // removed; in a dry run, would have been removed
	Kept        int           // looked idle at first, and were in use or gone on the second look
	Failed      int           // the pass could not read or remove these
	LongestIdle time.Duration // the longest idle time of the scanned records
	Elapsed     time.Duration // how long the pass took
	DryRun      bool          // the pass removed nothing; see the option DryRun
}

// Progress is how far a pass has come.
type Progress struct {
	Scanned int // records looked at so far
	Total   int // keys in the database when the pass began, those of other programs included
	Removed int // records removed so far
}

// Target is the cache that a Sweeper sweeps.
type Target interface {
	// Sweep makes one pass, which removes the records that were idle for at least maxIdle. With the
	// option [Every] it returns a [*NotDueError] if it is not this process's turn.
	Sweep(ctx context.Context, maxIdle time.Duration, opts ...Option) (Result, error)
}

// Sweeper sweeps a cache in the background. This package has one, [Periodic].
type Sweeper interface {
	// Check returns an error if the Sweeper does not fit the cache. A pass over that cache sees
	// idle times below longest only. cache.New calls Check and returns its error.
	Check(longest time.Duration) error

	// Run sweeps target until ctx ends, and then returns soon. The cache calls it once, in a
	// separate goroutine. Close of the cache ends ctx.
	Run(ctx context.Context, target Target)
}

// ErrBusy means that another pass over the same cache is running, in this process or another one.
var ErrBusy = errors.New("another sweep is under way")

// ErrLost means that the pass ended early. It did not renew its lease in time, so another process
// could take over.
var ErrLost = errors.New("the sweep was taken over by another process")

// NotDueError means that no pass was made. Another process is making one, or the last one began
// less than an interval ago.
type NotDueError struct {
	In time.Duration // ask again after this time
}

// Error implements error.
func (e *NotDueError) Error() string {
	return fmt.Sprintf("sweep is not due for %v", e.In.Round(time.Millisecond))
}

// Pass holds the options of one pass. A cache gets it from [NewPass]. The zero Pass is not valid.
type Pass struct {
	DryRun   bool           // see the option DryRun
	PageSize int            // see the option PageSize
	Duty     float64        // see the option Duty
	Every    time.Duration  // see the option Every; zero if it was not given
	Progress func(Progress) // see the option OnProgress; may be nil
}

// DefaultPageSize is the page size of a pass on demand, in keys.
const (
	DefaultPageSize = 512
	maxPageSize     = 2000 // a SCAN of so many keys holds a server for about 2 ms
)

// NewPass returns the Pass that the options describe. The error names an option that is out of
// range. A nil Option does nothing.
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

// maxPause bounds the pause after a page. Without it, one stall of the server would lead to a very
// long pause.
const maxPause = time.Second

// Pause returns how long a pass pauses after a page that took work. It is at most one second.
func (p Pass) Pause(work time.Duration) time.Duration {
	if p.Duty <= 0 || p.Duty >= 1 {
		return 0
	}
	return min(time.Duration(float64(work)*(1/p.Duty-1)), maxPause)
}

// Option is an option of one pass. See [DryRun], [PageSize], [Duty], [Every] and [OnProgress].
type Option interface{ apply(*Pass) }

type option func(*Pass)

func (o option) apply(p *Pass) { o(p) }

// DryRun makes a pass that counts and removes nothing.
func DryRun() Option { return option(func(p *Pass) { p.DryRun = true }) }

// PageSize is how many keys of the database a pass asks for at a time, from 1 to 2000. The default
// is 512; that of [Periodic] is [DefaultBackgroundPageSize]. It bounds the memory of the pass, and
// the time that other clients wait during a burst of work.
func PageSize(n int) Option { return option(func(p *Pass) { p.PageSize = n }) }

// Duty is the share of its time that a pass works, above 0 and at most 1. After each page the pass
// pauses until its work is no more than that share, but never for more than one second. So a pass
// slows down when the server is busy. The default is 1, which means no pauses; that of [Periodic]
// is [DefaultDuty].
func Duty(share float64) Option { return option(func(p *Pass) { p.Duty = share }) }

// Every makes the pass only if no process began one with Every in the last interval. Otherwise
// Sweep returns a [*NotDueError]. interval must not be negative. Zero means no such limit.
func Every(interval time.Duration) Option { return option(func(p *Pass) { p.Every = interval }) }

// OnProgress calls fn after each page, one call at a time. The pass waits for fn, also in a
// cluster, where it walks several servers at once. If fn takes longer than 10 s, another process
// may take over.
func OnProgress(fn func(Progress)) Option { return option(func(p *Pass) { p.Progress = fn }) }
