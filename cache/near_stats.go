package cache

import "time"

// Stats tell what became of the operations of a cache in this process, since New.
type Stats struct{ Near NearStats }

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
	Flushes  int64         // how often all copies of a server were given up
}

// Stats returns the stats since New. It looks at some counters and sends nothing. Without
// Options.Near, those of Near are zero. Its Connects and Flushes are those of all caches of the
// client.
func (c *Cache[K, V]) Stats() Stats {
	if c.near == nil {
		return Stats{NearStats{ProofAge: -1}}
	}
	s := c.near.Stats()
	return Stats{NearStats{
		Hits: s.Hits, Misses: s.Misses, Bypassed: s.Bypassed, Rescued: s.Stale,
		Entries: s.Entries, Bytes: s.Bytes,
		ProofAge: s.Tracking.Proven, Connects: s.Tracking.Connects, Flushes: s.Tracking.Flushes,
	}}
}
