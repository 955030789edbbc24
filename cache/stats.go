package cache

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/activettl/rediscache/sweep"
)

// Stats are counters and gauges of a cache in this process, counted since New.
type Stats struct {
	Near  NearStats
	Sweep SweepStats
}

// SweepStats describe the background sweeps.
type SweepStats struct {
	// Overdue is for how long a pass has been due that no process has made, as far as this process
	// knows. It learns this at each interval of its Sweeper. Overdue is 0 while a pass is in
	// progress in this process. It is -1 before this process has asked for the first time, and
	// without a Sweeper that uses the option [sweep.Every], as sweep.Periodic does.
	Overdue time.Duration
}

// NearStats describe the reads of a cache with Options.Near in this process.
type NearStats struct {
	Hits     int64 // reads that a copy answered
	Misses   int64 // reads without a copy
	Bypassed int64 // reads with a copy that was not proven to be recent enough
	Rescued  int64 // reads that an older copy answered, since Redis did not; see Near.StaleOnOutage
	Entries  int   // copies, including those that are no longer valid but not yet removed
	Bytes    int64 // memory of the copies, as Near.MaxBytes counts it

	ProofAge time.Duration // age of the last proof, the oldest of all primaries; -1 without one
	Connects int64         // connections that the client has made for pushes of servers

	// The number of times that copies were dropped, for each reason.
	Written int64 // one copy: its record was written, also by this process
	Flushes int64 // all copies of a server: it was flushed, or lost track of keys
	Losses  int64 // all copies of a server: the connection to it ended
	Moves   int64 // all copies of a server: it is no longer a primary of the client
}

// Stats returns the counters and gauges since New. It sends nothing to Redis and is cheap. Without
// Options.Near, the fields of Near are zero, except ProofAge, which is -1. Connects, Flushes,
// Losses and Moves count for all caches of the client.
func (c *Cache[K, V]) Stats() Stats {
	stats := Stats{Near: NearStats{ProofAge: -1}, Sweep: SweepStats{Overdue: c.passed.overdue()}}
	if c.near == nil {
		return stats
	}
	s := c.near.Stats()
	stats.Near = NearStats{
		Hits: s.Hits, Misses: s.Misses, Bypassed: s.Bypassed, Rescued: s.Stale,
		Entries: s.Entries, Bytes: s.Bytes, ProofAge: s.Tracking.Proven,
		Connects: s.Tracking.Connects, Written: s.Written, Flushes: s.Tracking.Flushes,
		Losses: s.Tracking.Losses, Moves: s.Tracking.Moves,
	}
	return stats
}

// passed is what this process knows of the background passes of its cache.
type passed struct {
	running atomic.Int64
	due     atomic.Pointer[time.Time] // when the next pass is due; nil if that is not known
}

// begin is called when a pass begins, or when this process asks whether another one has made it. It
// returns the function to call at the end.
func (p *passed) begin(every time.Duration) (ended func(error)) {
	begun := time.Now()
	if every == 0 {
		return func(error) {}
	}
	p.due.CompareAndSwap(nil, &begun)
	p.running.Add(1)
	return func(err error) {
		p.running.Add(-1)
		next := begun.Add(every)
		if later, notDue := errors.AsType[*sweep.NotDueError](err); notDue {
			next = begun.Add(later.In)
		} else if err != nil {
			return
		}
		p.due.Store(&next)
	}
}

func (p *passed) overdue() time.Duration {
	due := p.due.Load()
	switch {
	case due == nil:
		return -1
	case p.running.Load() > 0:
		return 0
	}
	return max(time.Since(*due), 0)
}
