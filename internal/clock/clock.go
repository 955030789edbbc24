// Package clock tells how old is what a process remembers of Redis. Times in Redis
// are Redis' own.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock is the time of this process since the clock was started. It is safe for
// concurrent use.
type Clock struct{ begun time.Time }

// Start returns a clock that stands at zero.
func Start() Clock { return Clock{time.Now()} }

// Now returns the time since Start.
func (c Clock) Now() time.Duration { return time.Since(c.begun) + time.Duration(skipped.Load()) }

var skipped atomic.Int64

// Skip lets all clocks of the process jump forward by d. It is for tests whose Redis
// has a clock that they move: a cache would trust for real minutes what grew old
// with that clock.
func Skip(d time.Duration) { skipped.Add(int64(d)) }
