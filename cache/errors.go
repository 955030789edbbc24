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

// What a caller may decide on, by errors.Is.
var (
	// ErrNotFound is a miss: there is no such record, or it has expired.
	ErrNotFound = store.ErrNotFound

	// ErrExists means that Add found a record under the key. The record stays as it is.
	ErrExists = store.ErrExists

	// ErrConflict means that UpdateField, UpdateFields, Modify or Upsert met another writer on each
	// of its attempts. The record holds what the others wrote.
	ErrConflict = errors.New("record was changed by others on every attempt")

	// ErrUnknownOutcome means that Redis did not answer a write of Add, UpdateField, UpdateFields,
	// Modify or Upsert. It is not known whether the record was written. The write is not sent
	// again, because it could then take place twice.
	ErrUnknownOutcome = store.ErrUnknownOutcome

	// ErrDecode means that the codec cannot decode the bytes that Redis holds. The bytes stay. This
	// process does not renew them again, so they expire within their TTL. It remembers 4096 such
	// keys.
	ErrDecode = errors.New("value cannot be decoded")

	// ErrEncode means that the codec cannot encode the value.
	ErrEncode = errors.New("value cannot be encoded")

	// ErrNilValue means that a nil pointer or a nil interface was given as a
	// value. Delete removes a record.
	ErrNilValue = errors.New("value is nil")

	// ErrTooLarge means that a value has more than Options.MaxValueBytes. One that was read stays,
	// and is not renewed, as under ErrDecode.
	ErrTooLarge = errors.New("value is too large")

	// ErrKey means that a key has no text, too long a text (1024 bytes), or, in
	// All and Keys, a text that is not a key of the cache's type.
	ErrKey = errors.New("bad key")

	// ErrTTL means that a TTL is out of range.
	ErrTTL = errors.New("bad TTL")

	// ErrWrongType means that the key holds something that is not a record of a cache: another
	// Redis type, or a list that does not begin with [value, TTL, deadline].
	ErrWrongType = store.ErrWrongType

	// ErrUnknownField means that the value has no field of the name that was
	// given to UpdateField or UpdateFields.
	ErrUnknownField = codec.ErrUnknownField

	// ErrFieldValue means that the field does not take the value that was given
	// to UpdateField or UpdateFields.
	ErrFieldValue = codec.ErrFieldValue

	// ErrMaxIdle means that Sweep was given an idle time that is less than a
	// millisecond, or that no record can reach.
	ErrMaxIdle = errors.New("bad idle time")

	// ErrNotTracked means that Sweep cannot know when the records of a Fixed cache
	// were used: Options.TrackAccess or Options.Sweeper must be set.
	ErrNotTracked = errors.New("accesses are not tracked: set Options.TrackAccess or " +
		"Options.Sweeper")

	// ErrLoadTimeout means that a loader did not return within LoadConfig.Timeout.
	ErrLoadTimeout = load.ErrTimeout

	// ErrLoadCircle means that a loader asked for a record whose load waits for this loader.
	ErrLoadCircle = flight.ErrCircle

	// ErrUnavailable means that Redis cannot be reached, does not answer or refuses the cache, and
	// that LoadConfig.Outage is FailFast.
	ErrUnavailable = load.ErrUnavailable

	// ErrClosed means that the cache is closed.
	ErrClosed = wire.ErrClosed
)

// Error tells which operation failed on which key, and why. The error of a batch or a walk holds an
// Error for each key or server that failed. errors.Is and errors.As look into all of them, and its
// method Unwrap() []error returns them. Its text tells a cause that many keys share once, with
// their number. Where a key had to be hidden in the text of a cause, for a Hook or under
// Options.RedactKeys, only errors.Is looks into that cause.
type Error struct {
	Op    string // the method: "Get", "SetMany", "New"
	Cache string // the cache's full name

	// Key is the key's text without the cache's name, or its fingerprint under Options.RedactKeys.
	// It is empty if the error is not about one key.
	Key string

	Err error
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

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// callerError marks the error of a function of the caller. It is about no record of the cache, also
// if it is ErrNotFound, and not about the cache's client.
type callerError struct{ error }

// fail makes the error of an operation on a key.
func (c *core) fail(op, key string, err error) error {
	label := c.label(key)
	if of, ok := err.(*callerError); ok {
		err = of.error
	} else if err != ErrNotFound { // which is no failure, and frequent
		err = c.wire.Explain(err)
	}
	if c.redact != nil {
		err = hide(err, label, key) // a server may quote it
	}
	if len(label) > names.MaxBytes {
		label = label[:64] + "…"
	}
	return &Error{Op: op, Cache: c.names.String(), Key: label, Err: err}
}
