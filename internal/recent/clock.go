package recent

import (
	"sync/atomic"
	"time"
)

// Clock is the time of this process since the clock was started. It is safe for concurrent use.
type Clock struct{ begun time.Time }

// Start returns a clock that starts at zero.
func Start() Clock { return Clock{time.Now()} }

// Now returns the time since Start.
func (c Clock) Now() time.Duration { return time.Since(c.begun) + time.Duration(skipped.Load()) }

var skipped atomic.Int64

// Skip moves all clocks of the process forward by d. It is for tests that move the clock of their
// Redis. Without it, a cache would use entries for minutes that have expired by that clock.
func Skip(d time.Duration) { skipped.Add(int64(d)) }
