package store

import (
	"context"
	"iter"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Copies keep copies of records in memory. The store calls Invalidate before it writes a key, and
// again when it has written it or may have. All reads for Copies ask the primary.
type Copies interface{ Invalidate(key string) }

// Fetch reads a record for a copy in memory. With renews it reads as Get does, and otherwise as
// Peek does. It costs one command, a script.
func (s *Store) Fetch(ctx context.Context, key string, renews bool) Found {
	by := s.tracker.Reads()
	if !renews {
		by = s.wire
	}
	r := s.newRead(key, renews && s.sliding)
	r.copies = true
	one(ctx, by, key, &r)
	return r.found()
}

// FetchMany does for each key what Fetch does with renews, at the cost of GetMany. It calls before
// with the index of each key before it reads the key.
func (s *Store) FetchMany(
	ctx context.Context, keys []string, before func(i int),
) iter.Seq2[int, Found] {
	return found(s.readMany(ctx, s.tracker.Reads(), keys, manner{
		renews: s.sliding, copies: true, before: before,
	}))
}

func (r *read) sendCopy(ctx context.Context) redis.Cmder {
	s := r.store
	r.state, r.sent = copying, s.now()
	which := copyScript
	if s.lists.expected() {
		which = copyListScript
	}
	return wire.NewWatched(ctx,
		which.Append(r.args[:0], r.key, s.policy, s.tolerance, flag(r.renews))...)
}

// copied takes the reply to sendCopy: [value, PTTL, time until it is due for a renewal, own TTL].
func (r *read) copied(reply *wire.Watched) ([]byte, error) {
	s := r.store
	r.timed = &Found{Lives: -1, Renew: -1, DueIn: -1, Keep: !reply.Redirected()}
	if reply.Err() != nil {
		return nil, failure(reply)
	}
	list, _ := reply.Val().([]any)
	if len(list) != 4 {
		return nil, wire.Unexpected(reply)
	}
	value, ok := list[0].(string)
	pttl, ok1 := list[1].(int64)
	left, ok2 := list[2].(int64)
	own, ok3 := list[3].(int64)
	if !ok || !ok1 || !ok2 || !ok3 {
		return nil, wire.Unexpected(reply)
	}
	if pttl >= 0 {
		r.timed.Lives = wire.Milliseconds(pttl)
	}
	if s.sliding {
		r.timed.Renew = wire.Milliseconds(left)
	}
	if s.notDue != nil {
		until, _ := s.notDue.Get(r.key)
		r.timed.DueIn = max(until-r.sent, 0)
	}
	if left > 0 && s.renewed != nil {
		s.renewed.table.Put(r.key, r.sent+wire.Milliseconds(left), own)
	}
	if own >= 0 {
		s.lists.noticeOwnTerms()
	} else {
		s.lists.noticeNoList()
	}
	return wire.Bytes(value), nil
}

// Renewal is the outcome of a renewal of a record that was read from a copy.
type Renewal struct {
	Fresh time.Duration // how long it is not due again, from when the command was sent
	Err   error
}

// RenewCopied renews records that were read from copies. It does not void leases. It costs a script
// for each key, in one round trip to each server for each chunk of keys.
func (s *Store) RenewCopied(ctx context.Context, keys []string) []Renewal {
	all := make([]Renewal, len(keys))
	renew := func(by wire.Sender, part []int) {
		some, cmds := pick(keys, part), make([]redis.Cmder, len(part))
		for i := range cmds {
			cmds[i] = s.touch(ctx, some[i], false)
		}
		by.Batch(ctx, some, cmds)
		for i, at := range part {
			all[at].Fresh, all[at].Err = touched(cmds[i])
		}
	}
	err := s.chunks(ctx, s.tracker.Reads(), keys, chunkKeys, chunkBytes, noBytes, renew)
	if err != nil {
		for i := range all {
			all[i].Err = err
		}
	}
	return all
}

// Removed invalidates the copies of a record that a sweep has removed.
func (s *Store) Removed(key string) { s.writes(key) }

// writes invalidates the copies of a key. Each write calls it before its command is sent. changed
// calls it again after the reply.
func (s *Store) writes(key string) {
	if s.copies != nil {
		s.copies.Invalidate(key)
	}
}
