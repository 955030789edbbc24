package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Claim is the outcome of a claim of one key.
type Claim struct {
	Found
	Mine    bool // the caller may load the record
	Unknown bool // the claim failed, and Redis may have executed it
}

// Claim reads records as Find does, or takes the right to load them. That right is a lease in the
// record's key. tokens[i] is the token of the lease for keys[i]. With empty tokens, Claim only
// looks. With force, it also takes the lease of another load. It costs a script for each key, in
// one round trip to each server.
//
// A claim is not sent twice. Otherwise a second copy could arrive late, after a write that has
// removed the lease, and bring the lease back.
func (t *Through) Claim(
	ctx context.Context, keys, tokens []string, lease time.Duration, force bool,
) []Claim {
	plans, all := make([]claim, len(keys)), make([]Claim, len(keys))
	for i, key := range keys {
		plans[i] = claim{
			store: t.Store, key: key, token: tokens[i], lease: lease, force: force,
			renews: t.sliding,
		}
	}
	err := t.each(ctx, t.tracker.Reads(), keys, noBytes, func(i int) plan { return &plans[i] })
	for i := range plans {
		all[i] = Claim{plans[i].Found, plans[i].Mine, plans[i].unknown}
		if err != nil {
			all[i] = Claim{Found: Found{Err: err}}
		}
	}
	return all
}

// Look is a Claim that takes nothing.
func (t *Through) Look(ctx context.Context, keys []string) []Claim {
	return t.Claim(ctx, keys, make([]string, len(keys)), 0, false)
}

// each runs the plans of keys on all servers. size returns how many bytes the plan of a key writes.
func (t *Through) each(
	ctx context.Context, by wire.Sender, keys []string, size func(i int) int,
	at func(i int) plan,
) error {
	if len(keys) == 1 {
		one(t.bound(ctx), by, keys[0], at(0))
		return nil
	}
	return t.chunks(ctx, by, keys, chunkScripts, meanBytes, size, func(by wire.Sender, part []int) {
		many(t.bound(ctx), by, pick(keys, part), func(i int) plan { return at(part[i]) })
	})
}

// Keep renews the leases of loads under way. It returns for each key whether the lease is gone. It
// costs one script for each key, in one round trip to each server.
func (t *Through) Keep(
	ctx context.Context, keys, tokens []string, lease time.Duration,
) (gone []bool) {
	cmds := make([]redis.Cmder, len(keys))
	for i, key := range keys {
		cmds[i] = redis.NewCmd(ctx, keepScript.Args(key, tokens[i], lease.Milliseconds())...)
	}
	t.wire.Batch(t.bound(ctx), keys, cmds)
	gone = make([]bool, len(keys))
	for i, cmd := range cmds {
		n, err := cmd.(*redis.Cmd).Int()
		gone[i] = err == nil && n == 0
	}
	return gone
}

// Write is what a load writes under a key.
type Write struct {
	Key   string
	What  What
	Value []byte        // of a Record
	TTL   time.Duration // of a Record, its own TTL or 0; of a Marker, its TTL
	Token string        // of a fill

	// The value and the expiry that a refill found when it began. A fill has none.
	Found  []byte
	Expiry int64
}

// What is what a load writes.
type What string

// What a load may write.
const (
	Record  What = "record"
	Marker  What = "absent"  // that the record is known to be absent
	Nothing What = "nothing" // releases the lease, or removes the record
	Same    What = "same"    // of a refill: writes nothing, only checks that the record is the same
)

// Written is the outcome of a Write.
type Written struct {
	Done bool // false if another write came first
	Err  error
}

// Fill writes what was loaded, for each key that still holds the lease of its load. With an empty
// token, it writes if the key holds nothing, with SET NX if it can. It costs a script or a SET for
// each key, in one round trip to each server.
func (t *Through) Fill(ctx context.Context, writes []Write) []Written {
	return t.load(ctx, writes, func(w *loadWrite) []any {
		px, own, age := t.terms(w.TTL)
		switch {
		case w.What != Record:
			return fillScript.Args(w.Key, w.Token, string(w.What), w.TTL.Milliseconds())
		case w.Token == "" && px != nothing:
			return []any{"set", w.Key, w.Value, "px", px, "nx"}
		}
		return fillScript.Args(w.Key, w.Token, string(w.What), w.Value, px, own, t.policy, age)
	})
}

// Refill replaces records with what was loaded, if they are still as they were found. It costs a
// script for each key, in one round trip to each server.
func (t *Through) Refill(ctx context.Context, writes []Write) []Written {
	return t.load(ctx, writes, func(w *loadWrite) []any {
		args := refillScript.Args(w.Key, w.Found, w.Expiry, flag(t.sliding), string(w.What))
		switch w.What {
		case Record:
			px, own, age := t.terms(w.TTL)
			return append(args, w.Value, px, own, t.policy, age)
		case Marker:
			return append(args, w.TTL.Milliseconds())
		}
		return args
	})
}

// loadWrite is the plan of a Write.
type loadWrite struct {
	Write
	store *Store
	args  func(*loadWrite) []any
	sent  time.Duration
	Written
}

// next implements plan.
func (w *loadWrite) next(ctx context.Context, reply redis.Cmder) redis.Cmder {
	s := w.store
	if reply == nil {
		s.writes(w.Key)
		w.sent = s.now()
		return redis.NewCmd(ctx, w.args(w)...)
	}
	if w.Err = failure(reply); w.Err != nil {
		if w.Err == ErrNotFound { // of a SET NX
			w.Err = nil
			return nil
		}
		s.mayHaveChanged(w.Key, reply)
		return nil
	}
	switch val := reply.(*redis.Cmd).Val(); val {
	case int64(1), "OK":
		w.Done = true
	case int64(0):
		return nil
	default:
		w.Err = wire.Unexpected(reply)
		return nil
	}
	switch w.What {
	case Record:
		s.wrote(w.Key, w.sent, w.TTL, len(w.Value))
	case Marker:
		s.changed(w.Key, change{removed: true})
		s.knowAbsent(w.Key, w.TTL)
	case Nothing:
		s.changed(w.Key, change{removed: true})
	}
	return nil
}

func (t *Through) load(
	ctx context.Context, writes []Write, args func(*loadWrite) []any,
) []Written {
	keys, plans := make([]string, len(writes)), make([]loadWrite, len(writes))
	longest := time.Duration(0)
	for i, w := range writes {
		keys[i], plans[i] = w.Key, loadWrite{Write: w, store: t.Store, args: args}
		if w.What == Record {
			longest = max(longest, w.TTL)
		}
	}
	err := t.each(ctx, t.tracker.Writes(t.lives(longest)), keys,
		func(i int) int { return len(writes[i].Value) }, func(i int) plan { return &plans[i] })
	all := make([]Written, len(writes))
	for i := range plans {
		if all[i] = plans[i].Written; err != nil {
			all[i] = Written{Err: err}
		}
	}
	return all
}
