// Package store keeps records in Redis: keys and bytes in, bytes out. It is the
// only package that talks to Redis, and it has no type parameters.
//
// The Redis type of a key says what the key holds: a string is a value under
// the cache's policy and nothing but the value; a list is a value with terms of
// its own, [value, TTL in ms or 0 for the policy's, deadline in Unix ms or 0]; a
// hash is no value, and a miss to every reader. Times are milliseconds of the
// server's clock.
package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/ttl"
)

var (
	// ErrNotFound says that there is no record under the key.
	ErrNotFound = errors.New("record not found")

	// ErrWrongType says that the key holds something else than a record.
	ErrWrongType = errors.New("not a record of a cache")
)

// Store is the records of one cache. It is safe for concurrent use.
type Store struct {
	rdb    redis.UniversalClient
	prefix string // of every key: the cache's name and a colon

	ttl    time.Duration
	maxAge int64
	jitter float64

	// What an access passes to Redis as the TTL: the policy's, or 0 when an
	// access renews nothing. It is an interface already, so that a read does not
	// allocate one.
	renewal  any
	policy   any // the policy's TTL
	sliding  bool
	ownTerms atomic.Bool // a record with terms of its own was met or written
	longer   atomic.Bool // a record with a longer TTL than the policy's was written

	coalescers *coalescers // nil without auto-pipelining

	tolerance any       // of the policy's TTL; 0 for none
	renewals  *renewals // nil without a tolerance
	tracker   *tracker  // of accesses; nil where they are not tracked
}

// New returns the store of the records whose keys start with prefix. Accesses
// are tracked if track is set and the policy does not renew; where it does, Redis
// knows them without.
func New(rdb redis.UniversalClient, prefix string, terms ttl.Terms, track bool) *Store {
	s := &Store{
		rdb:     rdb,
		prefix:  prefix,
		ttl:     terms.TTL,
		maxAge:  terms.MaxAge.Milliseconds(),
		jitter:  terms.Jitter,
		sliding: terms.Renews,
		policy:  terms.TTL.Milliseconds(),
		renewal: int64(0),
	}
	if s.sliding {
		s.renewal = s.policy
	}
	s.tolerance = terms.Tolerance.Milliseconds()
	if terms.Tolerance > 0 {
		s.renewals = newRenewals(s.ttl, terms.Tolerance)
	}
	if track && !s.sliding {
		s.tracker = newTracker(s.ttl)
	}
	// With a MaxAge every record has a deadline.
	s.ownTerms.Store(s.maxAge > 0)
	return s
}

// lifetime returns the TTL of a record that is written now under the policy.
func (s *Store) lifetime() any {
	if s.jitter == 0 {
		return s.policy
	}
	cut := time.Duration(rand.Float64() * s.jitter * float64(s.ttl))
	return max((s.ttl - cut).Milliseconds(), 1)
}

// LongestIdle returns how long a record under a policy can be idle and be seen to
// be.
func LongestIdle(terms ttl.Terms) time.Duration {
	switch {
	case !terms.Renews: // a record counts as idle a window after its last note
		return terms.TTL - windowOf(terms.TTL)
	case terms.MaxAge == terms.TTL: // its deadline cuts every renewal short
		return 0
	}
	return terms.TTL - terms.Tolerance // a record counts as idle so long after its last renewal
}

// OutlivesPolicy reports whether there may be records that live longer without
// being used than the policy says: those with a TTL of their own.
func (s *Store) OutlivesPolicy() bool {
	return s.longer.Load() || s.maxAge == 0 && s.ownTerms.Load()
}

// bookkeeping returns a key of the cache's own, which no record can have.
func (s *Store) bookkeeping(name string) string {
	return strings.TrimSuffix(s.prefix, ":") + "!" + name
}

// send sends a command that is no access to a record.
func (s *Store) send(ctx context.Context, key string, cmd redis.Cmder) error {
	if s.coalescers == nil {
		_ = s.rdb.Process(ctx, cmd)
	} else if unread := s.coalescers.of(ctx, key).process(ctx, cmd); unread != nil {
		rediscover(ctx, s.rdb, unread)
		return unread
	}
	rediscover(ctx, s.rdb, cmd.Err())
	return nil
}

// AutoPipeline lets the store send as pipelines what callers send at the same time. It
// is called before the store is used.
func (s *Store) AutoPipeline() { s.coalescers = newCoalescers(s.rdb) }

// Close waits until nothing is queued and the store has no goroutine. It does not wait
// for commands that their callers send themselves.
func (s *Store) Close() {
	if s.coalescers != nil {
		s.coalescers.close()
	}
}

// maxMillis is the longest time.Duration, in milliseconds.
const maxMillis = math.MaxInt64 / 1_000_000

// milliseconds returns a time that Redis told, or the longest time.Duration if it is
// longer: another program may have given a key a TTL of more than 292 years.
func milliseconds(ms int64) time.Duration {
	return time.Duration(min(ms, maxMillis)) * time.Millisecond
}

// failure turns an error of go-redis into one of the store's.
func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, redis.Nil):
		return ErrNotFound
	case wrongType(err):
		return fmt.Errorf("%w: %s", ErrWrongType, strings.TrimPrefix(err.Error(), "WRONGTYPE "))
	case redis.HasErrorPrefix(err, "unknown command"):
		// Redis quotes the arguments, and with them the value.
		text, _, _ := strings.Cut(err.Error(), ", with args")
		return fmt.Errorf("%s: it is renamed, or Redis is older than 6.2", strings.TrimPrefix(text, "ERR "))
	}
	return err
}

func wrongType(err error) bool { return err != nil && redis.HasErrorPrefix(err, "WRONGTYPE") }
