package load

import (
	"context"
	"math/rand/v2"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/activettl/rediscache/internal/flight"
	"github.com/activettl/rediscache/internal/lease"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
)

// run gets records for the flights that one call has started, or refreshes them.
type run struct {
	*Loads
	ctx     context.Context // has the values of the caller's context, but no deadline or end
	run     *flight.Run
	load    Loader
	force   bool // it is a Reload
	refresh bool // it is a refresh
	nested  bool // a loader waits for it
}

// item is one record of a run.
type item struct {
	key    string
	flight *flight.Flight[Outcome] // nil for a refresh
	want   Want
	source Source

	back  back
	why   error        // how Redis has failed
	token string       // of a fill; empty without a lease
	lease *lease.Lease // of a refill
	gone  atomic.Bool  // the lease of the fill is gone
}

// back is how a run writes back what was loaded.
type back int

const (
	none   back = iota // do not write
	fill               // over the lease of the run, or, without a token, if the key holds nothing
	refill             // over want.Found, if the key still holds it
	verify             // do not write; only check whether the key still holds want.Found
)

func (l *Loads) newRun(ctx context.Context, load Loader) *run {
	return &run{
		Loads: l, ctx: context.WithoutCancel(ctx), run: flight.NewRun(), load: load,
		nested: flight.Nested(ctx),
	}
}

// end ends the flight of an item.
func (it *item) end(out Outcome, early bool) {
	if it.flight != nil {
		it.flight.End(out, early)
	}
}

// sending tells the flight that a command may decide it.
func (it *item) sending() {
	if it.flight != nil {
		it.flight.Sending()
	}
}

// begin gets the records of items and ends their flights.
func (r *run) begin(items []*item) {
	r.guard(items, func() { r.get(items) })
}

func (r *run) get(items []*item) {
	for len(items) > 0 {
		var release func()
		items, release = r.slot(items)
		won, waiting := r.claimOr(items, release)
		if len(won) == 0 {
			release()
		} else {
			if len(waiting) > 0 { // at the same time: their loader may wait for our records
				rest := waiting
				waiting = nil
				r.task(func() { r.await(rest) })
			}
			r.work(won, release)
		}
		items = r.wait(waiting)
	}
}

// claimOr is claim, except that it calls release if a hook panics.
func (r *run) claimOr(items []*item, release func()) (won, waiting []*item) {
	claimed := false
	defer func() {
		if !claimed {
			release()
		}
	}()
	won, waiting = r.claim(items)
	claimed = true
	return won, waiting
}

// await is begin for items that another process loads.
func (r *run) await(items []*item) {
	r.guard(items, func() { r.get(r.wait(items)) })
}

// guard calls do. If a hook panics, so that do does not return, guard ends all flights with that
// panic as their error.
func (r *run) guard(items []*item, do func()) {
	task.Guard(do, func(v any) {
		r.endAll(items, Outcome{Err: r.tell.Unreturned(v, debug.Stack())})
	})
}

// slot takes one of the MaxLoads slots, and drops items that nobody waits for any more. A run that
// a loader waits for takes no slot: waiting loaders may have all slots, and would wait forever.
func (r *run) slot(items []*item) (left []*item, release func()) {
	if r.slots == nil || r.nested {
		return items, func() {}
	}
	for {
		select {
		case r.slots <- struct{}{}:
			return items, func() { <-r.slots }
		case <-r.run.Urgent():
			return items, func() {}
		case <-r.run.Left():
			if items = waitedFor(items); len(items) == 0 {
				return nil, func() {}
			}
		case <-r.closing.Done():
			r.endAll(items, Outcome{Err: wire.ErrClosed})
			return nil, func() {}
		}
	}
}

// waitedFor ends the flights that nobody waits for, and returns the other items.
func waitedFor(items []*item) (left []*item) {
	for _, it := range items {
		if !it.flight.Abandoned() {
			left = append(left, it)
		}
	}
	return left
}

func (r *run) endAll(items []*item, out Outcome) {
	for _, it := range items {
		it.sending()
		it.end(out, false)
	}
}

// The pauses between looks at a record that another process loads.
const (
	firstPause = 4 * time.Millisecond
	maxPause   = 25 * time.Millisecond
)

// nextPause returns the pause that follows another one, in whole milliseconds.
func nextPause(pause time.Duration) time.Duration {
	return min((pause * 3 / 2).Truncate(time.Millisecond), maxPause)
}

// wait looks at records that other processes load, until one of them may be loaded here. It ends
// the flights of records that it finds, and of those that nobody waits for. A separate task then
// waits for the other records.
func (r *run) wait(items []*item) (free []*item) {
	if len(items) == 0 {
		return nil
	}
	changed, forget := r.wakers.listen(items)
	defer forget()
	for pause := firstPause; len(items) > 0; pause = nextPause(pause) {
		if !r.sleepOr(pause, changed) {
			r.endAll(items, Outcome{Err: wire.ErrClosed})
			return nil
		}
		if items = waitedFor(items); len(items) == 0 {
			return nil
		}
		var leased []*item
		for i, c := range r.look(items) {
			it := items[i]
			switch {
			case c.Leased:
				leased = append(leased, it)
			case c.Err == store.ErrNotFound && !c.Absent:
				free = append(free, it)
			case r.answered(it, c):
			default:
				it.want.Found.Err = c.Err
				free = append(free, it)
			}
		}
		items = leased
		if len(free) > 0 {
			if len(items) > 0 {
				r.task(func() { r.await(items) })
			}
			return free
		}
	}
	return nil
}

// sleep waits for about d, and reports false if the cache is closed.
func (r *run) sleep(d time.Duration) bool { return r.sleepOr(d, nil) }

// sleepOr is sleep, except that a value from woken also ends it.
func (r *run) sleepOr(d time.Duration, woken <-chan struct{}) bool {
	d = (d*3/4 + rand.N(d/2)).Round(time.Millisecond) // the resolution of TTLs in Redis
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-woken:
	case <-r.closing.Done():
		return false
	}
	return r.closing.Err() == nil
}
