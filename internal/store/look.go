package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Kind is what a key of a cache holds.
type Kind string

// The kinds.
const (
	HoldsNothing Kind = ""
	HoldsString  Kind = "string"  // a record under the cache's policy
	HoldsList    Kind = "list"    // a record with its own terms
	HoldsLease   Kind = "lease"   // of a load
	HoldsMarker  Kind = "marker"  // of a record that is known to be absent
	HoldsForeign Kind = "foreign" // something that no cache has written
)

// IsRecord reports whether a key of this kind holds a record.
func (k Kind) IsRecord() bool { return k == HoldsString || k == HoldsList }

// Held is what a key holds.
type Held struct {
	Kind Kind

	// Remaining is the time until a record, a lease or a marker expires; -1 if it has no TTL.
	Remaining time.Duration

	// Of a record.
	Size     int           // of the value, in bytes
	Own      time.Duration // its own TTL; 0 for the policy's
	Deadline time.Time     // no access moves it; zero for none
	Idle     time.Duration // since its last access; -1 if that is not known
}

// Look returns what a key holds, of any kind. It renews nothing and costs one command, a script.
func (s *Store) Look(ctx context.Context, key string) (Held, error) {
	return s.held(s.wire.Do(ctx, key, s.look(ctx, key)))
}

func (s *Store) look(ctx context.Context, key string) redis.Cmder {
	return redis.NewCmd(ctx, lookScript.Args(key, s.policy)...)
}

// held takes the reply to look.
func (s *Store) held(reply redis.Cmder) (Held, error) {
	switch err := reply.Err(); {
	case err == redis.Nil:
		return Held{}, nil
	case wire.WrongType(err):
		return Held{Kind: HoldsForeign}, nil
	case err != nil:
		return Held{}, failure(reply)
	}
	list, _ := reply.(*redis.Cmd).Val().([]any)
	if len(list) != 6 {
		return Held{}, wire.Unexpected(reply)
	}
	kind, ok := list[0].(string)
	var n [5]int64
	for i := range n {
		number, is := list[i+1].(int64)
		n[i], ok = number, ok && is
	}
	if !ok {
		return Held{}, wire.Unexpected(reply)
	}
	h := Held{Kind: Kind(kind), Remaining: lasting(n[0]), Size: int(n[1]),
		Own: wire.Milliseconds(n[2]), Idle: -1}
	if n[3] > 0 {
		h.Deadline = time.UnixMilli(n[3])
	}
	if s.sliding && n[4] >= 0 {
		h.Idle = wire.Milliseconds(n[4])
	}
	return h, nil
}

// lasting returns a PTTL as a duration; -1 if there is no TTL.
func lasting(ms int64) time.Duration {
	if ms < 0 {
		return -1
	}
	return wire.Milliseconds(ms)
}

// LookMany does for each key what Look does. It costs a TYPE, a PTTL and a STRLEN for each key, in
// one round trip to each primary. Each key that holds something other than a string costs the
// script of Look in a second round trip. What a key holds may change between two of these commands.
func (s *Store) LookMany(ctx context.Context, keys []string) ([]Held, error) {
	cmds, of := make([]redis.Cmder, 0, 3*len(keys)), make([]string, 0, 3*len(keys))
	for _, key := range keys {
		cmds = append(cmds, redis.NewStatusCmd(ctx, "type", key), redis.NewIntCmd(ctx, "pttl", key),
			redis.NewIntCmd(ctx, "strlen", key))
		of = append(of, key, key, key)
	}
	s.wire.Primaries().Batch(ctx, of, cmds)
	all := make([]Held, len(keys))
	var others []int
	for i := range keys {
		kind, left, size := cmds[3*i].(*redis.StatusCmd), cmds[3*i+1].(*redis.IntCmd),
			cmds[3*i+2].(*redis.IntCmd)
		for _, cmd := range []redis.Cmder{kind, left, size} {
			if err := cmd.Err(); err != nil && !wire.WrongType(err) {
				return nil, failure(cmd)
			}
		}
		switch {
		case kind.Val() == "none" || left.Val() == noKey:
		case kind.Val() == "string" && size.Err() == nil:
			all[i] = s.heldString(left.Val(), size.Val())
		default:
			others = append(others, i)
		}
	}
	if len(others) == 0 {
		return all, nil
	}
	some, cmds := make([]string, len(others)), cmds[:0]
	for n, i := range others {
		some[n] = keys[i]
		cmds = append(cmds, s.look(ctx, keys[i]))
	}
	s.wire.Batch(ctx, some, cmds)
	for n, i := range others {
		var err error
		if all[i], err = s.held(cmds[n]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// noKey is what PTTL answers for a key that does not exist.
const noKey = -2

// heldString is the Held of a record under the policy.
func (s *Store) heldString(left, size int64) Held {
	h := Held{Kind: HoldsString, Remaining: lasting(left), Size: int(size), Idle: -1}
	if s.sliding && left >= 0 {
		h.Idle = max(s.ttl-h.Remaining, 0)
	}
	return h
}
