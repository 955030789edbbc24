package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/activettl/rediscache/internal/store"
)

// claim takes the right to load items. It ends the flights of items that need not be loaded. It
// returns the items that this run must load and those that another process loads.
func (r *run) claim(items []*item) (won, waiting []*item) {
	var cold, bad []*item
	for _, it := range items {
		switch {
		case Unavailable(it.want.Found.Err):
			it.back, it.why = none, it.want.Found.Err
			won = append(won, it)
		case it.want.Bad:
			bad = append(bad, it)
		case r.Unleased && !it.want.Found.Other && !r.force && !r.isLately(it.key):
			it.back = fill
			won = append(won, it)
		default:
			cold = append(cold, it)
		}
	}
	if len(cold) > 0 {
		mine, others := r.claimCold(cold)
		won, waiting = append(won, mine...), others
	}
	if len(bad) > 0 {
		won = append(won, r.claimBad(bad)...)
	}
	return won, waiting
}

// lateness is how long a key stays in lately. It is longer than the time between a caller's read
// and its flight.
const lateness = 10 * time.Second

func (l *Loads) isLately(key string) bool {
	_, ok := l.lately.Get(key)
	return ok
}

// claimCold takes the leases of records that do not exist.
func (r *run) claimCold(items []*item) (won, waiting []*item) {
	leases := !r.Unleased || r.force
	var claims []store.Claim
	if leases {
		claims = r.take(items)
	} else {
		claims = r.look(items)
	}
	for i, c := range claims {
		it := items[i]
		switch {
		case c.Mine, c.Err == store.ErrNotFound && !c.Leased && !c.Absent:
			it.back = fill
			won = append(won, it)
		case c.Err == nil && r.force:
			it.back, it.want.Found = refill, c.Found
			won = append(won, it)
		case c.Leased && !leases: // a process that uses leases has it; a fill will be refused
			it.back = fill
			won = append(won, it)
		case c.Leased:
			it.source = Fleet
			waiting = append(waiting, it)
		case r.answered(it, c):
		default:
			it.back, it.why = none, c.Err
			won = append(won, it)
		}
	}
	return won, waiting
}

// look reads what the keys of items hold, and takes nothing.
func (r *run) look(items []*item) []store.Claim {
	claims := r.store.Look(r.ctx, sending(items))
	for i := range claims {
		claims[i].Err = r.judge(r.ctx, items[i].key, claims[i].Err)
	}
	return claims
}

// take claims items, each with its own token. If the connection broke, the claim may have left a
// lease. Then take releases that lease and claims once more, with another token.
func (r *run) take(items []*item) []store.Claim {
	claims := r.takeOnce(items)
	var broken group
	for i, c := range claims {
		if c.Unknown && !timedOut(c.Err) {
			broken.add(i, store.Write{Key: items[i].key, Token: items[i].token,
				What: store.Nothing})
		}
	}
	if len(broken.of) > 0 {
		var again []*item
		var of []int
		for n, given := range r.store.Fill(r.ctx, broken.writes) {
			if given.Err == nil {
				again, of = append(again, items[broken.of[n]]), append(of, broken.of[n])
			}
		}
		for n, c := range r.takeOnce(again) {
			claims[of[n]] = c
		}
	}
	for i := range claims {
		if claims[i].Unknown {
			r.giveBack(items[i].key, items[i].token) // the lease may be ours
		}
		claims[i].Err = r.judge(r.ctx, items[i].key, claims[i].Err)
	}
	return claims
}

func (r *run) takeOnce(items []*item) []store.Claim {
	tokens := make([]string, len(items))
	for i, it := range items {
		it.token = fmt.Sprintf("%016x", rand.Uint64())
		tokens[i] = it.token
	}
	return r.store.Claim(r.ctx, sending(items), tokens, r.Lease, r.force)
}

// timedOut reports whether a command failed because its deadline passed.
func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// sending tells the flights of items that a command may decide them. It returns the keys.
func sending(items []*item) []string {
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = it.key
		it.sending()
	}
	return keys
}

// answered ends the flight of an item with what a claim or a look has found, and reports true. It
// reports false if Redis has failed and the item must be loaded without Redis.
func (r *run) answered(it *item, c store.Claim) bool {
	switch {
	case c.Err == nil:
		it.end(Outcome{Data: c.Value, Source: max(it.source, Read)}, false)
	case c.Absent:
		it.end(Outcome{Err: store.ErrNotFound, Source: max(it.source, Read)}, false)
	default:
		err := r.give(c.Err)
		if err == nil {
			return false
		}
		it.end(Outcome{Err: err}, false)
	}
	return true
}

// claimBad takes the right to replace bytes that cannot be decoded. One process has it at a time,
// for the TTL of the lease of a refresh. Without it, two versions of a program that cannot decode
// each other's bytes would replace them at every read.
func (r *run) claimBad(items []*item) (won []*item) {
	var same []*item
	for i, c := range r.look(items) {
		it := items[i]
		switch {
		case c.Err == nil && string(c.Value) == string(it.want.Found.Value):
			it.want.Found = c.Found
			same = append(same, it)
		case c.Err == nil || c.Err == store.ErrNotFound:
			it.end(Outcome{Again: true}, false)
		case r.answered(it, c):
		default:
			it.back, it.why = none, c.Err
			won = append(won, it)
		}
	}
	var free []*item
	for _, it := range same {
		it.back = verify
		if !r.isLater(it.key) {
			free = append(free, it)
		}
	}
	for i, l := range r.takeLeases(free) {
		if l != nil {
			free[i].back, free[i].lease = refill, l
		}
	}
	return append(won, same...)
}
