package store

import (
	"context"
	"errors"
	"hash/maphash"
	"math"
	"math/bits"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/clock"
)

// Under a policy with a tolerance, a record that was renewed less than that ago is
// read by a command that does not write. A store knows of such a record by a script
// that reads it and tells for how long it need not be renewed, or since it wrote the
// record itself.

// renewals remembers records that need not be renewed for a while. It is bounded and
// takes no lock: where too many keys share a set, or two goroutines choose the same
// place in it, one displaces another. That costs one more script and never a renewal
// too few, since the whole key stands there.
type renewals struct {
	clock.Clock
	tolerance time.Duration // of the policy's TTL
	ttl       time.Duration
	seed      maphash.Seed
	sets      [1 << 14]set
}

func newRenewals(ttl, tolerance time.Duration) *renewals {
	return &renewals{Clock: clock.Start(), tolerance: tolerance.Truncate(time.Millisecond), ttl: ttl, seed: maphash.MakeSeed()}
}

// set is what the keys of one hash share. Of 10,000 hot keys some 7 find no place; were
// there one in each of four times as many sets, it would be 700.
type set [4]atomic.Pointer[renewed]

// renewed is a record that need not be renewed for a while.
type renewed struct {
	key   string
	until time.Duration
	own   int64 // its own TTL in ms, 0 for the policy's with a deadline; -1 for a record without terms of its own
}

// policyRecord is the own TTL of a record that has no terms of its own.
const policyRecord = -1

func (r *renewals) set(key string) *set {
	return &r.sets[maphash.String(r.seed, key)%uint64(len(r.sets))]
}

// look returns what is known of a record, or nil if it may be due.
func (r *renewals) look(key string) *renewed {
	in := r.set(key)
	for i := range in {
		if rec := in[i].Load(); rec != nil && rec.key == key {
			if r.Now() < rec.until {
				return rec
			}
			return nil
		}
	}
	return nil
}

// note remembers that at a time, or later, a record was not due for so long. It takes
// the place of what was known of the record, or else of what ends first.
func (r *renewals) note(key string, at, left time.Duration, own int64) {
	in := r.set(key)
	place, first := &in[0], time.Duration(math.MaxInt64)
	for i := range in {
		rec := in[i].Load()
		if rec == nil || rec.key == key {
			place = &in[i]
			break
		}
		if rec.until < first {
			place, first = &in[i], rec.until
		}
	}
	place.Store(&renewed{key, at + left, own})
}

// of returns the tolerance of a record: that of the policy, or the same part of an
// own TTL that is shorter than the policy's.
func (r *renewals) of(own int64) time.Duration {
	ttl := time.Duration(own) * time.Millisecond
	if own <= 0 || ttl >= r.ttl {
		return r.tolerance
	}
	high, low := bits.Mul64(uint64(ttl), uint64(r.tolerance))
	part, _ := bits.Div64(high, low, uint64(r.ttl)) // ttl < r.ttl, so it fits
	return time.Duration(part).Truncate(time.Millisecond)
}

// wrote remembers that a record was written with this TTL of its own, or 0, at a time or
// later.
func (s *Store) wrote(key string, at, own time.Duration) {
	terms := own.Milliseconds()
	if own == 0 && s.maxAge == 0 {
		terms = policyRecord
	}
	s.renewals.note(key, at, s.renewals.of(terms), terms)
}

// errOther says that a record is not, or no longer, what was known of it.
var errOther = errors.New("another record than the one that was renewed")

// readCmd reads the record and renews nothing.
func (r *renewed) readCmd(ctx context.Context) redis.Cmder {
	if r.own == policyRecord {
		return redis.NewStringCmd(ctx, "get", r.key)
	}
	return redis.NewStringSliceCmd(ctx, "lrange", r.key, 0, 3)
}

// value takes the reply to readCmd. It returns errOther if the record has other terms
// than those that were noted: then it may be due.
func (r *renewed) value(cmd redis.Cmder) ([]byte, error) {
	switch cmd := cmd.(type) {
	case *redis.StringCmd:
		value, err := cmd.Bytes()
		if wrongType(err) {
			return nil, errOther
		}
		return value, failure(err)
	case *redis.StringSliceCmd:
		list, err := cmd.Result()
		switch {
		case wrongType(err):
			return nil, errOther
		case err != nil:
			return nil, failure(err)
		case len(list) == 0:
			return nil, ErrNotFound
		}
		if own, ok := ownTTL(list[1:]); ok && own == r.own {
			return []byte(list[0]), nil
		}
	}
	return nil, errOther
}

// readRenewed reads a record that need not be renewed, and renews nothing. It returns
// errOther if that is not known of the record, or not true.
func (s *Store) readRenewed(ctx context.Context, key string) ([]byte, error) {
	rec := s.renewals.look(key)
	if rec == nil {
		return nil, errOther
	}
	cmd := rec.readCmd(ctx)
	if err := s.send(ctx, key, cmd); err != nil {
		return nil, err
	}
	return rec.value(cmd)
}

// getTolerant is Get under a tolerance: one command, two if another process has given
// the record other terms meanwhile.
func (s *Store) getTolerant(ctx context.Context, key string) ([]byte, error) {
	if value, err := s.readRenewed(ctx, key); err != errOther {
		return value, err
	}
	sent := s.renewals.Now()
	return s.settleDue(key, sent, run(ctx, s.send, redis.NewSliceCmd, dueScript, key, s.policy, s.tolerance))
}

// settleDue takes the reply of due.lua, which was sent at a time.
func (s *Store) settleDue(key string, sent time.Duration, cmd *redis.SliceCmd) ([]byte, error) {
	reply, err := cmd.Result()
	if err != nil {
		return nil, failure(err)
	}
	if len(reply) == 3 {
		value, ok := reply[0].(string)
		left, ok2 := reply[1].(int64)
		own, ok3 := reply[2].(int64)
		if ok && ok2 && ok3 {
			s.renewals.note(key, sent, time.Duration(left)*time.Millisecond, own)
			if own != policyRecord && !s.ownTerms.Load() {
				s.ownTerms.Store(true)
			}
			return []byte(value), nil
		}
	}
	return nil, errors.New("due: not [value, time left, own TTL] in the reply")
}

// readChunkTolerant is readChunk under a tolerance.
func (s *Store) readChunkTolerant(ctx context.Context, keys []string, replies []Reply) {
	known := make([]*renewed, len(keys))
	for i, key := range keys {
		known[i] = s.renewals.look(key)
	}
	sent := s.renewals.Now()
	due := func(i int, whole bool) redis.Cmder {
		return redis.NewSliceCmd(ctx, dueScript.args(whole, keys[i], s.policy, s.tolerance)...)
	}
	settle := func(i int, cmd redis.Cmder) {
		value, err := s.settleDue(keys[i], sent, cmd.(*redis.SliceCmd))
		replies[i] = Reply{value, err}
	}
	var other []int
	for i, cmd := range pipeline(ctx, s.rdb, len(keys), func(i int, whole bool) redis.Cmder {
		if known[i] != nil {
			return known[i].readCmd(ctx)
		}
		return due(i, whole)
	}) {
		if known[i] == nil {
			settle(i, cmd)
			continue
		}
		value, err := known[i].value(cmd)
		if err == errOther {
			other = append(other, i)
			continue
		}
		replies[i] = Reply{value, err}
	}
	for j, cmd := range pipeline(ctx, s.rdb, len(other), func(j int, whole bool) redis.Cmder { return due(other[j], whole) }) {
		settle(other[j], cmd)
	}
}

// ownTTL reads the TTL and the deadline that stand behind the value of a record, and
// reports whether they are what a cache writes. It decides as prelude.lua does.
func ownTTL(terms []string) (own int64, ok bool) {
	if len(terms) != 2 || len(terms[0]) > 15 || len(terms[1]) > 15 {
		return 0, false
	}
	ttl, err := strconv.ParseUint(terms[0], 10, 64)
	deadline, err2 := strconv.ParseUint(terms[1], 10, 64)
	return int64(ttl), err == nil && err2 == nil && ttl <= maxMillis && ttl+deadline > 0
}
