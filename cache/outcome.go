package cache

import "iter"

// Outcome is what became of an operation, or of one of its keys. A miss is an outcome and not an
// error: the Err of its Op is nil.
type Outcome string

// The outcomes. An operation on several keys with different ones has OutcomePartial, and
// [Op.Outcomes] tells how many keys had which.
const (
	OutcomeHit     Outcome = "hit"      // Redis had the record
	OutcomeNear    Outcome = "near_hit" // this process had a copy; see Options.Near
	OutcomeStale   Outcome = "stale"    // Redis had the record, and it is being refreshed
	OutcomeRescued Outcome = "rescued"  // an older copy answered, since Redis did not
	OutcomeMiss    Outcome = "miss"     // there is no record
	OutcomeAbsent  Outcome = "absent"   // there is no row: known before, or the loader said so
	OutcomeLoaded  Outcome = "loaded"   // the loader of this operation returned it
	OutcomeWaited  Outcome = "waited"   // another operation or process loaded it meanwhile
	OutcomeExists  Outcome = "exists"   // Add found a record
	OutcomeOK      Outcome = "ok"       // written or removed; of a walk or a sweep: it was made
	OutcomePartial Outcome = "partial"
	OutcomeError   Outcome = "error" // Op.ErrorType says of which type

	// OutcomeSuperseded is that of a "Load" or a "Refresh" whose values were not stored, since
	// their records were written meanwhile.
	OutcomeSuperseded Outcome = "superseded"
)

// Outcomes returns how many keys had which outcome. Each key counts once, and so does a record that
// a walk met. The sum is Keys, but for keys that were given twice.
func (o Op) Outcomes() iter.Seq2[Outcome, int] {
	return func(yield func(Outcome, int) bool) {
		for _, c := range o.counts() {
			if c.n > 0 && !yield(c.outcome, c.n) {
				return
			}
		}
	}
}

type count struct {
	outcome Outcome
	n       int
}

func (o *Op) counts() [9]count {
	hit, miss := OutcomeHit, OutcomeMiss
	switch o.Kind {
	case "Set", "SetMany", "Add", "Upsert", "Delete", "DeleteMany", "All", "Keys", "Len", "Clear":
		hit = OutcomeOK
	case "GetOrLoad", "GetOrLoadMany":
		miss = OutcomeAbsent
	case "Sweep": // Op.Sweep has them
		return [9]count{}
	}
	if o.exists {
		miss = OutcomeExists
	}
	var load LoadStats
	misses := o.Misses
	if o.Load != nil { // what was not there has an outcome of its own
		load, misses = *o.Load, 0
	}
	return [9]count{
		{hit, o.Hits - (o.Near - o.nearMisses) - o.Rescued - load.Stale},
		{OutcomeNear, o.Near - o.nearMisses},
		{OutcomeStale, load.Stale},
		{OutcomeRescued, o.Rescued},
		{miss, misses},
		{OutcomeAbsent, load.Absent},
		{OutcomeLoaded, load.Loaded},
		{OutcomeWaited, load.Joined + load.Fleet},
		{OutcomeError, o.Failed},
	}
}

// outcome returns the outcome of the whole operation.
func (o *Op) outcome() Outcome {
	switch {
	case o.loads() && o.Load.Loaded > 0 && o.Load.Superseded >= o.Load.Loaded:
		return OutcomeSuperseded
	case o.loads() && o.Load.Loaded > 0: // Err may say why it is not stored
		return OutcomeLoaded
	case o.Err != nil:
		return OutcomeError
	case o.Keys == 1 && o.Near == 1 && o.Hits == 1: // the fastest one
		return OutcomeNear
	}
	found := OutcomeOK
	kinds := 0
	for _, c := range o.counts() {
		if c.n > 0 {
			found = c.outcome
			kinds++
		}
	}
	if kinds > 1 {
		return OutcomePartial
	}
	return found
}

// loads reports whether the operation is the call of a loader.
func (o *Op) loads() bool { return o.Load != nil && (o.Kind == "Load" || o.Kind == "Refresh") }
