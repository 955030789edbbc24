package store

import (
	"context"
	"errors"
	"math/bits"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/wire"
)

// renewed remembers, under a policy with a tolerance, which records need not be renewed for a
// while. Such records are read by commands that do not write. The process knows such a record in
// one of two ways. A script has read the record and returned how long it need not be renewed, or
// the process wrote the record. A read of any other record uses a script, which decides. So no
// renewal is missed.
type renewed struct {
	// table holds a record's own TTL in ms, 0 for the policy's TTL with a deadline, or
	// policyRecord.
	table     *recent.Table[int64]
	tolerance time.Duration // of the policy's TTL
	ttl       time.Duration
}

const (
	policyRecord = -1      // a record without its own terms
	renewedKeys  = 1 << 16 // how many records a process remembers
)

func newRenewed(clock recent.Clock, ttl, tolerance time.Duration) *renewed {
	table := recent.New[int64](renewedKeys)
	table.Clock = clock
	return &renewed{table, tolerance.Truncate(time.Millisecond), ttl}
}

// toleranceOf returns the tolerance of a record. It is the tolerance of the policy, or, if own is
// shorter than the policy's TTL, the same part of own.
func (r *renewed) toleranceOf(own int64) time.Duration {
	ttl := time.Duration(own) * time.Millisecond
	if own <= 0 || ttl >= r.ttl {
		return r.tolerance
	}
	high, low := bits.Mul64(uint64(ttl), uint64(r.tolerance))
	part, _ := bits.Div64(high, low, uint64(r.ttl)) // ttl < r.ttl, so it fits
	return time.Duration(part).Truncate(time.Millisecond)
}

// wrote remembers that this process has written a record.
func (r *renewed) wrote(key string, to change, deadline bool) {
	own := to.own.Milliseconds()
	if own == 0 && !deadline {
		own = policyRecord
	}
	r.table.Put(key, to.at+r.toleranceOf(own), own)
}

// now returns the time of the clock of renewed and notDue, or 0 if there is neither.
func (s *Store) now() time.Duration {
	if s.renewed == nil && s.notDue == nil {
		return 0
	}
	return s.clock.Now()
}

// errTermsChanged says that the terms of a record are not those that this process remembers. So the
// record may be due for a renewal.
var errTermsChanged = errors.New("the terms of the record were changed")

func (r *read) sendFresh(ctx context.Context, own int64) redis.Cmder {
	r.state, r.own = fresh, own
	if own == policyRecord {
		return redis.NewStringCmd(ctx, append(r.args[:0], "get", r.key)...)
	}
	return redis.NewStringSliceCmd(ctx, append(r.args[:0], "lrange", r.key, 0, 2)...)
}

// fresh takes the reply to sendFresh. It returns errTermsChanged if the record has other terms.
func (r *read) fresh(reply redis.Cmder) ([]byte, error) {
	switch err := reply.Err(); {
	case wire.WrongType(err):
		return nil, errTermsChanged
	case err != nil:
		return nil, failure(reply)
	}
	if cmd, ok := reply.(*redis.StringCmd); ok {
		return cmd.Bytes()
	}
	list := reply.(*redis.StringSliceCmd).Val()
	if len(list) == 0 {
		return nil, ErrNotFound
	}
	if own, ok := ownTTL(list); ok && (own == r.own || r.plainOnly) {
		return wire.Bytes(list[0]), nil
	}
	return nil, errTermsChanged
}

func (r *read) sendTolerant(ctx context.Context) redis.Cmder {
	s := r.store
	r.state, r.sent = tolerant, s.now()
	which := getTolerantScript
	if s.lists.always {
		which = getTolerantListScript
	}
	return redis.NewSliceCmd(ctx,
		which.Append(r.args[:0], r.key, s.policy, s.tolerance)...)
}

// tolerant takes the reply to sendTolerant: [value, time left, own TTL].
func (r *read) tolerant(reply redis.Cmder) ([]byte, error) {
	cmd := reply.(*redis.SliceCmd)
	if cmd.Err() != nil {
		return nil, failure(cmd)
	}
	if list := cmd.Val(); len(list) == 3 {
		value, ok := list[0].(string)
		left, ok2 := list[1].(int64)
		own, ok3 := list[2].(int64)
		if ok && ok2 && ok3 {
			s := r.store
			s.renewed.table.Put(r.key, r.sent+time.Duration(left)*time.Millisecond, own)
			if own != policyRecord {
				s.lists.noticeOwnTerms()
			}
			return wire.Bytes(value), nil
		}
	}
	return nil, wire.Unexpected(cmd)
}
