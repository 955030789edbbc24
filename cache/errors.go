package cache

import (
	"errors"
	"fmt"
	"strings"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/flight"
	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
)

// Errors of operations. Test for them with errors.Is.
var (
	// ErrNotFound is a miss: there is no such record, or it has expired. Nothing else is a miss.
	ErrNotFound = store.ErrNotFound

	// ErrExists means that Add found a record under the key. The record is unchanged.
	ErrExists = store.ErrExists

	// ErrConflict means that UpdateField, UpdateFields, Modify or Upsert made 64 attempts, and
	// another writer changed the record during each of them. The record holds what the others
	// wrote.
	ErrConflict = errors.New("record was changed by others on every attempt")

	// ErrUnknownOutcome means that Redis did not answer a write of Add, UpdateField, UpdateFields,
	// Modify or Upsert. The record may have been written or not. The cache does not send the write
	// again, since it could then take effect twice.
	ErrUnknownOutcome = store.ErrUnknownOutcome

	// ErrDecode means that the codec cannot decode the bytes that Redis holds. The bytes stay in
	// Redis. This process does not renew them again, so they expire within their TTL. It remembers
	// 4096 such keys; with more, some are renewed once more.
	ErrDecode = errors.New("value cannot be decoded")

	// ErrEncode means that the codec cannot encode the value.
	ErrEncode = errors.New("value cannot be encoded")

	// ErrNilValue means that the value is a nil pointer or a nil interface. To remove a record, use
	// Delete.
	ErrNilValue = errors.New("value is nil")

	// ErrTooLarge means that a value has more than Options.MaxValueBytes. A read that fails with it
	// leaves the value in Redis and does not renew it again, as after ErrDecode.
	ErrTooLarge = errors.New("value is too large")

	// ErrKey means that the text of a key is empty or longer than 1024 bytes. In All and Keys it
	// means that the text of a key in Redis is not that of a K.
	ErrKey = errors.New("bad key")

	// ErrTTL means that a TTL is invalid, such as one of less than a millisecond. New, OwnTTL and
	// the operations that take WithTTL return it.
	ErrTTL = errors.New("bad TTL")

	// ErrWrongType means that the key holds something that is not a record of a cache. That is a
	// value of another Redis type, or a list that does not begin with [value, TTL, deadline].
	ErrWrongType = store.ErrWrongType

	// ErrUnknownField means that the value has no field with the name given to UpdateField or
	// UpdateFields.
	ErrUnknownField = codec.ErrUnknownField

	// ErrFieldValue means that the field cannot hold the value given to UpdateField or
	// UpdateFields.
	ErrFieldValue = codec.ErrFieldValue

	// ErrMaxIdle means that the idle time given to Sweep is less than a millisecond, or that no
	// record can reach it.
	ErrMaxIdle = errors.New("bad idle time")

	// ErrNotTracked means that Sweep cannot know when the records of a Fixed cache were used. Set
	// Options.TrackAccess or Options.Sweeper.
	ErrNotTracked = errors.New("accesses are not tracked: set Options.TrackAccess or " +
		"Options.Sweeper")

	// ErrLoadTimeout means that a loader did not return within LoadConfig.Timeout.
	ErrLoadTimeout = load.ErrTimeout

	// ErrLoadCircle means that a loader asked for a record whose load waits for that loader.
	ErrLoadCircle = flight.ErrCircle

	// ErrUnavailable means that LoadConfig.Outage is FailFast, and Redis cannot be reached, does
	// not answer, or answers with an error. An error that refuses a write, such as OOM or READONLY,
	// does not count: the record is then loaded and not stored.
	ErrUnavailable = load.ErrUnavailable

	// ErrClosed means that Close or Shutdown was called before.
	ErrClosed = wire.ErrClosed
)

// Error says which operation failed on which key, and why. Test for the cause with errors.Is or
// errors.As. The cache puts no value and no password into an error.
//
// The error of a batch or a walk holds an Error for each key or server that failed. errors.Is and
// errors.As look into all of them, and the method Unwrap() []error of that error returns them. Its
// text names a common cause once, with the number of keys.
//
// If a key had to be hidden in the text of a cause, errors.As does not find that cause, and
// errors.Is still does. That is so in a Hook and under Options.RedactKeys.
type Error struct {
	Op    string // the method, such as "Get", "SetMany" or "New"
	Cache string // the full name of the cache

	// Key is the text of the key without the name of the cache. Under Options.RedactKeys it is the
	// fingerprint of that text. It is empty if the error is not about one key.
	Key string

	Err error // the cause; never nil
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("rediscache: " + e.Op)
	if e.Cache != "" {
		b.WriteString(" " + e.Cache)
	}
	if e.Key != "" {
		fmt.Fprintf(&b, " %q", e.Key)
	}
	return b.String() + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// callerError marks the error of a function of the caller. It says nothing about a record of the
// cache or about the cache's client, even if it is ErrNotFound.
type callerError struct{ error }

// fail makes the error of an operation on a key.
func (c *core) fail(op, key string, err error) error {
	label := c.label(key)
	if of, ok := err.(*callerError); ok {
		err = of.error
	} else if err != ErrNotFound { // which is frequent and not a failure
		err = c.wire.Explain(err)
	}
	if c.redact != nil {
		err = hide(err, label, key) // the server may quote the key
	}
	if len(label) > names.MaxBytes {
		label = label[:64] + "…"
	}
	return &Error{Op: op, Cache: c.names.String(), Key: label, Err: err}
}
