package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/ttl"
)

var (
	// ErrNotFound says that there is no record under the key.
	ErrNotFound = errors.New("record not found")

	// ErrExists says that there is a record under the key.
	ErrExists = errors.New("record exists already")

	// ErrWrongType says that the key holds something that is not a record.
	ErrWrongType = errors.New("not a record of a cache")

	// ErrUnknownOutcome says that Redis did not answer a write that must not be sent twice. The
	// record may have been written.
	ErrUnknownOutcome = errors.New("no reply, so it is not known whether the record was written")
)

// Store is the records of one cache. It is safe for concurrent use.
type Store struct {
	wire    *wire.Client
	names   names.Names
	tracker Tracker

	ttl       time.Duration // the policy's
	maxAge    int64         // in ms; 0 for none
	refresh   int64         // in ms; 0 for none
	jitter    float64
	sliding   bool
	policy    ttlArg // the policy's TTL
	renewal   ttlArg // what an access passes as the TTL: policy, or nothing
	tolerance ttlArg // of the policy's TTL; nothing for none

	lists      lists
	longerTTL  atomic.Bool                  // a record with a TTL above the policy's was written
	renewed    *renewed                     // nil without a tolerance
	unreadable *recent.Table[unreadable]    // keys whose values could not be decoded
	absent     *recent.Table[struct{}]      // keys that hold a marker
	notDue     *recent.Table[time.Duration] // until when records are not due; nil without a Refresh
	clock      recent.Clock                 // for renewed and notDue
	window     window                       // for reads of many keys
	copies     Copies                       // nil if there are none
}

// SetCopies sets the Copies to invalidate at writes. It must be called before the store is used.
func (s *Store) SetCopies(c Copies) { s.copies = c }

// Tracker sends the commands that are accesses to records, and may note the accesses.
type Tracker interface {
	// Reads is for commands that read, update or renew records.
	Reads() wire.Sender
	Writes(ttl time.Duration) wire.Sender // for commands that write records with this TTL
	Removed(key string)                   // is called for each record that was removed
}

// untracked is the Tracker of a store whose accesses nobody notes.
type untracked struct{ wire *wire.Client }

func (u untracked) Reads() wire.Sender               { return u.wire }
func (u untracked) Writes(time.Duration) wire.Sender { return u.wire }
func (untracked) Removed(string)                     {}

// The sizes of the tables of a process, in keys. For a key that does not fit, the process asks
// Redis again.
const (
	absentKeys = 1 << 14
	notDueKeys = 1 << 16
)

// ttlArg is a TTL in ms as an argument of a command. It is boxed once, so that a read does not
// allocate it.
type ttlArg any

// nothing is what an access passes to Redis as the TTL if it renews nothing.
var nothing ttlArg = int64(0)

// New returns the store of the records of these names. A nil tracker notes no access.
func New(w *wire.Client, n names.Names, terms ttl.Terms, tracker Tracker) *Store {
	s := &Store{
		wire:       w,
		names:      n,
		tracker:    tracker,
		ttl:        terms.TTL,
		maxAge:     terms.MaxAge.Milliseconds(),
		jitter:     terms.Jitter,
		sliding:    terms.Renews,
		policy:     terms.TTL.Milliseconds(),
		renewal:    nothing,
		tolerance:  nothing,
		unreadable: recent.New[unreadable](unreadableKeys),
		absent:     recent.New[struct{}](absentKeys),
		refresh:    terms.Refresh.Milliseconds(),
		clock:      recent.Start(),
	}
	if tracker == nil {
		s.tracker = untracked{w}
	}
	if s.sliding {
		s.renewal = s.policy
	}
	if terms.Tolerance > 0 {
		s.renewed = newRenewed(s.clock, s.ttl, terms.Tolerance)
		s.tolerance = terms.Tolerance.Milliseconds()
	}
	if s.refresh > 0 {
		s.notDue = recent.New[time.Duration](notDueKeys)
		s.notDue.Clock = s.clock
	}
	s.lists.always = s.maxAge > 0 // then every record has a deadline
	return s
}

// lifetime returns the TTL, in ms, of a record that is written now under the policy.
func (s *Store) lifetime() ttlArg {
	if s.jitter == 0 {
		return s.policy
	}
	cut := time.Duration(rand.Float64() * s.jitter * float64(s.ttl))
	return max((s.ttl - cut).Milliseconds(), 1)
}

// HasLongerTTL reports whether the process knows of records that may be idle for longer than the
// policy's TTL, because they have their own TTLs.
func (s *Store) HasLongerTTL() bool {
	return s.longerTTL.Load() || s.maxAge == 0 && s.lists.ever.Load()
}

// changed is called for each record that a method of Store has written or removed. It drops what
// this process remembers of the key, and its copy. Anything else that keeps a part of a record must
// be invalidated here.
func (s *Store) changed(key string, to change) {
	s.unreadable.Delete(key)
	s.absent.Delete(key)
	s.window.noticeSize(to.bytes)
	s.writes(key)
	switch {
	case to.removed:
		s.tracker.Removed(key)
	case to.written:
		if s.renewed != nil {
			s.renewed.wrote(key, to, s.maxAge > 0)
		}
		if s.notDue != nil {
			s.knowNotDue(key, to)
		}
	}
}

// change says how a record has changed.
type change struct {
	removed bool
	bytes   int           // size of the value that was written
	written bool          // with new terms; otherwise it keeps its terms
	at      time.Duration // when the command was sent, by Store.clock
	own     time.Duration // its own TTL, or 0
}

// mayHaveChanged is called for each write that failed. It calls changed if Redis may have executed
// the write.
func (s *Store) mayHaveChanged(key string, cmd redis.Cmder) {
	if wire.Unknown(cmd.Err()) {
		s.changed(key, change{})
	}
}

// failure returns the error of a command, as an error of this package where there is one.
func failure(cmd redis.Cmder) error {
	switch err := cmd.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, redis.Nil):
		return ErrNotFound
	case wire.WrongType(err):
		return fmt.Errorf("%w: %s", ErrWrongType, strings.TrimPrefix(err.Error(), "WRONGTYPE "))
	}
	return wire.Err(cmd)
}

// outcome is failure for a command that is sent once.
func outcome(cmd *wire.Once) error {
	err := failure(cmd)
	if cmd.Unknown() {
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return err
}
