package cache

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/activettl/rediscache/sweep"
)

// Stats tell what became of the operations of a cache in this process, since New.
type Stats struct {
	Near  NearStats
	Sweep SweepStats
}

// SweepStats tell how the sweeps in the background go.
type SweepStats struct {
	// Overdue is for how long a pass has been due that no process has made, as far as this one
	// knows: it asks at every interval of its Sweeper. It is 0 while a pass is under way here. It
	// is -1 before this process has asked once, and without a Sweeper that calls its passes with
	// [sweep.Every], as sweep.Periodic does.
	Overdue time.Duration
}

// NearStats tell what became of the reads of a cache with Options.Near, in this process.
type NearStats struct {
	Hits     int64 // reads that were answered from memory
	Misses   int64 // reads that found no copy
	Bypassed int64 // reads whose copy was not proven to be recent enough
	Rescued  int64 // reads that an older copy answered, since Redis did not: Near.StaleOnOutage
	Entries  int   // copies, those included that answer no more and are not yet removed
	Bytes    int64 // what they count as; see Near.MaxBytes

	ProofAge time.Duration // of the last proof, the oldest of all primaries; -1 without one
	Connects int64         // connections for the pushes of servers that the client has made

	// How often copies were given up.
	Written int64 // one copy, since its record was written; also by this process
	Flushes int64 // all copies of a server, which was flushed, or has lost count
	Losses  int64 // all copies of a server, since the connection to it has ended
	Moves   int64 // all copies of a server that is no primary of the client any more
}

// Stats returns the stats since New. It looks at some counters and sends nothing. Without
// Options.Near, those of Near are zero. Its Connects, Flushes, Losses and Moves are those of all
// caches of the client.
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

// passed is what a process knows of the passes of its cache in the background.
type passed struct {
	running atomic.Int64
	due     atomic.Pointer[time.Time] // when the next pass is due; nil if that is not known
}

// begin says that a pass begins, or that another process is asked whether it has made one. It
// returns whom to tell of the end.
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
