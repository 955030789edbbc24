package cache

import "iter"

// Outcome is the result of an operation, or of one of its keys. A miss is an outcome and not an
// error: Op.Err is then nil.
type Outcome string

// The outcomes. If the keys of an operation have different outcomes, the operation has
// OutcomePartial, and [Op.Outcomes] returns the number of keys for each outcome.
const (
	OutcomeHit     Outcome = "hit"      // Redis had the record
	OutcomeNear    Outcome = "near_hit" // this process had a copy; see Options.Near
	OutcomeStale   Outcome = "stale"    // Redis had the record, and it is being refreshed
	OutcomeRescued Outcome = "rescued"  // an older copy answered, since Redis did not
	OutcomeMiss    Outcome = "miss"     // there is no record
	OutcomeAbsent  Outcome = "absent"   // there is no row: a marker or the loader said so
	OutcomeLoaded  Outcome = "loaded"   // the loader of this operation returned it
	OutcomeWaited  Outcome = "waited"   // another operation or process loaded it
	OutcomeExists  Outcome = "exists"   // Add found a record
	OutcomeOK      Outcome = "ok"       // written or removed; of a walk or a sweep: it ran
	OutcomePartial Outcome = "partial"  // the keys have different outcomes
	OutcomeError   Outcome = "error"    // it failed; see Op.ErrorType

	// OutcomeSuperseded is the outcome of a "Load" or a "Refresh" whose values were not stored,
	// because their records were written during the load.
	OutcomeSuperseded Outcome = "superseded"
)

// Outcomes returns an iterator over the outcomes and the number of keys, or of records that a walk
// met, for each. Each key counts once. The sum is Keys minus duplicate keys. For a Sweep it is
// empty: see Op.Sweep.
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
	if o.Load != nil { // missing records have their own outcomes
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
	case o.loads() && o.Load.Loaded > 0: // Err may say why the value is not stored
		return OutcomeLoaded
	case o.Err != nil:
		return OutcomeError
	case o.Keys == 1 && o.Near == 1 && o.Hits == 1: // a shortcut for the fastest operation
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

// loads reports whether the operation is a call of a loader.
func (o *Op) loads() bool { return o.Load != nil && (o.Kind == "Load" || o.Kind == "Refresh") }
