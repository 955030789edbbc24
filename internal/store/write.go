package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Set writes a record and replaces what the key holds. It costs one command. own is the record's
// own TTL, which it keeps for its life; 0 means the policy's.
func (s *Store) Set(ctx context.Context, key string, value []byte, own time.Duration) error {
	w := write{store: s, key: key, value: value, own: own}
	one(ctx, s.tracker.Writes(s.lives(own)), key, &w)
	return w.err
}

// Item is a record to write.
type Item struct {
	Key   string
	Value []byte
}

// SetMany does for each item what Set does, in one round trip to each server for each chunk of 1000
// items or 8 MiB. It returns an error, or nil, for each item.
func (s *Store) SetMany(ctx context.Context, items []Item, own time.Duration) []error {
	keys, errs := make([]string, len(items)), make([]error, len(items))
	for i := range items {
		keys[i] = items[i].Key
	}
	size := func(i int) int { return len(items[i].Value) }
	send := func(by wire.Sender, part []int) {
		plans := make([]write, len(part))
		for i, at := range part {
			plans[i] = write{store: s, key: keys[at], value: items[at].Value, own: own}
		}
		many(ctx, by, pick(keys, part), func(i int) plan { return &plans[i] })
		var written sizes
		for i, at := range part {
			if errs[at] = plans[i].err; errs[at] == nil {
				written.add(len(plans[i].value))
			}
		}
		s.window.noticeChunk(written.values, written)
	}
	by := s.tracker.Writes(s.lives(own))
	err := s.chunks(ctx, by, keys, chunkKeys, chunkBytes, size, send)
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
	}
	return errs
}

// lives returns how long a record with this own TTL lives. An own TTL of 0 means the policy's.
func (s *Store) lives(own time.Duration) time.Duration {
	if own == 0 {
		return s.ttl
	}
	return own
}

// terms returns the terms of a record that is written with this own TTL, or 0. All are in ms. px is
// its TTL, or nothing if the record has its own terms. Those are ownMs and age.
//
// A record with its own TTL needs its own terms in two cases. Under a policy that renews, a renewal
// must know that TTL. Under a policy with Refresh, the check for a due refresh must know it if it
// is shorter than the policy's TTL.
func (s *Store) terms(own time.Duration) (px ttlArg, ownMs, age int64) {
	ownMs = own.Milliseconds()
	switch {
	case s.sliding && own != 0 || s.maxAge > 0:
		return nothing, ownMs, s.maxAge
	case s.refresh > 0 && own != 0 && own < s.ttl:
		return nothing, ownMs, ownMs
	case own == 0:
		return s.lifetime(), 0, 0
	}
	return ownMs, 0, 0
}

// write is the plan of a Set.
type write struct {
	store *Store
	key   string
	value []byte
	own   time.Duration
	sent  time.Duration
	args  [8]any

	err error
}

// next implements plan.
func (w *write) next(ctx context.Context, reply redis.Cmder) redis.Cmder {
	s := w.store
	if reply != nil {
		if w.err = failure(reply); w.err == nil {
			s.wrote(w.key, w.sent, w.own, len(w.value))
		} else {
			s.mayHaveChanged(w.key, reply)
		}
		return nil
	}
	s.writes(w.key)
	w.sent = s.now()
	px, own, age := s.terms(w.own)
	if px == nothing {
		return redis.NewCmd(ctx,
			setScript.Append(w.args[:0], w.key, w.value, own, s.policy, age)...)
	}
	return redis.NewStatusCmd(ctx, append(w.args[:0], "set", w.key, w.value, "px", px)...)
}

// wrote is called for each record that Redis has accepted.
func (s *Store) wrote(key string, sent, own time.Duration, bytes int) {
	if own > s.ttl && !s.longerTTL.Load() {
		s.longerTTL.Store(true)
	}
	if own != 0 && (s.sliding || s.refresh > 0 && own < s.ttl) {
		s.lists.noticeOwnTerms()
	}
	s.changed(key, change{written: true, bytes: bytes, at: sent, own: own})
}

// Add writes a record as Set does, if there is none. It costs one command. If there is a record,
// Add returns ErrExists, and with want also the value of that record. The command is not sent
// twice: if its reply is lost, the error is ErrUnknownOutcome.
func (s *Store) Add(
	ctx context.Context, key string, value []byte, own time.Duration, want bool,
) (current []byte, err error) {
	px, ownMs, age := s.terms(own)
	wanted := 0
	if want {
		wanted = 1
	}
	s.writes(key)
	sent := s.now()
	args := addScript.Args(key, value, px, ownMs, s.policy, age, wanted)
	cmd := s.tracker.Writes(s.lives(own)).Do(ctx, key, wire.NewOnce(ctx, args...)).(*wire.Once)
	if err := outcome(cmd); err != nil {
		s.mayHaveChanged(key, cmd)
		return nil, err
	}
	switch reply := cmd.Val().(type) {
	case string:
		return wire.Bytes(reply), ErrExists
	case int64:
		if reply == 0 {
			return nil, ErrExists
		}
		s.wrote(key, sent, own, len(value))
		return nil, nil
	}
	return nil, wire.Unexpected(cmd)
}

// Update replaces the value of an existing record, or returns ErrNotFound. It costs one command.
// The record keeps its terms, and is renewed under a policy that renews.
func (s *Store) Update(ctx context.Context, key string, value []byte) error {
	s.writes(key)
	args := updateScript.Args(key, value, s.renewal)
	reply := s.tracker.Reads().Do(ctx, key, redis.NewCmd(ctx, args...))
	err := existed(reply)
	if err == nil {
		s.changed(key, change{bytes: len(value)})
	} else {
		s.mayHaveChanged(key, reply)
	}
	return err
}

// Touch renews a record without reading it, or returns ErrNotFound. It costs one command. Under a
// policy that does not renew, it only checks that the record exists. Like every write it removes
// the lease or marker of a load.
func (s *Store) Touch(ctx context.Context, key string) error {
	_, err := touched(s.tracker.Reads().Do(ctx, key, s.touch(ctx, key, true)))
	return err
}

// touch returns the command that renews a record. With voids, it removes the lease or marker of a
// load.
func (s *Store) touch(ctx context.Context, key string, voids bool) redis.Cmder {
	return redis.NewCmd(ctx, touchScript.Args(key, s.renewal, s.tolerance, flag(voids))...)
}

// touched takes the reply to touch: how long the record is not due for a renewal.
func touched(reply redis.Cmder) (fresh time.Duration, err error) {
	if err := failure(reply); err != nil {
		return 0, err
	}
	switch n, ok := reply.(*redis.Cmd).Val().(int64); {
	case ok && n >= 0:
		return wire.Milliseconds(n), nil
	case ok && n == -1:
		return 0, ErrNotFound
	}
	return 0, wire.Unexpected(reply)
}

// existed takes the reply to a script that answers 1, or 0 for no record.
func existed(reply redis.Cmder) error {
	if err := failure(reply); err != nil {
		return err
	}
	switch reply.(*redis.Cmd).Val() {
	case int64(1):
		return nil
	case int64(0):
		return ErrNotFound
	}
	return wire.Unexpected(reply)
}

// Swap replaces the value of a record as Update does, if the value is still old. It costs one
// command. If the record holds another value, Swap returns that value and false. If there is no
// record, it returns ErrNotFound. The command is not sent twice: if its reply is lost, the error is
// ErrUnknownOutcome.
func (s *Store) Swap(
	ctx context.Context, key string, old, value []byte,
) (current []byte, swapped bool, err error) {
	s.writes(key)
	args := swapScript.Args(key, old, value, s.renewal)
	cmd := s.tracker.Reads().Do(ctx, key, wire.NewOnce(ctx, args...)).(*wire.Once)
	if err := outcome(cmd); err != nil {
		s.mayHaveChanged(key, cmd)
		return nil, false, err
	}
	switch reply := cmd.Val().(type) {
	case string:
		return wire.Bytes(reply), false, nil
	case int64:
		if reply == 0 {
			return nil, false, ErrNotFound
		}
		s.changed(key, change{bytes: len(value)})
		return nil, true, nil
	}
	return nil, false, wire.Unexpected(cmd)
}
