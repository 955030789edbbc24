package cache

import (
	"errors"
	"fmt"
	"strings"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/keys"
	"github.com/activettl/rediscache/internal/store"
)

// What a caller may decide on, by errors.Is.
var (
	// ErrNotFound is a miss: there is no such record, or it has expired.
	ErrNotFound = store.ErrNotFound

	// ErrConflict means that UpdateField or Modify met another writer on each of
	// its attempts. The record holds what the others wrote.
	ErrConflict = errors.New("record was changed by others on every attempt")

	// ErrDecode means that the codec cannot decode the bytes that Redis holds.
	// They stay where they are.
	ErrDecode = errors.New("value cannot be decoded")

	// ErrEncode means that the codec cannot encode the value.
	ErrEncode = errors.New("value cannot be encoded")

	// ErrNilValue means that a nil pointer or a nil interface was given as a
	// value. Delete removes a record.
	ErrNilValue = errors.New("value is nil")

	// ErrTooLarge means that a value has more than Options.MaxValueBytes.
	ErrTooLarge = errors.New("value is too large")

	// ErrKey means that a key has no text, too long a text (1024 bytes), or, in
	// All and Keys, a text that is not a key of the cache's type.
	ErrKey = errors.New("bad key")

	// ErrTTL means that a TTL is out of range.
	ErrTTL = errors.New("bad TTL")

	// ErrWrongType means that the key holds something that is not a record of a
	// cache: another Redis type, or a list that is not [value, TTL, deadline].
	ErrWrongType = store.ErrWrongType

	// ErrUnknownField means that the value has no field of the name that was
	// given to UpdateField.
	ErrUnknownField = codec.ErrUnknownField

	// ErrFieldValue means that the field does not take the value that was given
	// to UpdateField.
	ErrFieldValue = codec.ErrFieldValue

	// ErrMaxIdle means that Sweep was given an idle time that is less than a
	// millisecond, or that no record can reach.
	ErrMaxIdle = errors.New("bad idle time")

	// ErrNotTracked means that Sweep cannot know when the records of a Fixed cache
	// were used: Options.TrackAccess or Options.Sweeper must be set.
	ErrNotTracked = errors.New("accesses are not tracked: set Options.TrackAccess or Options.Sweeper")

	// ErrClosed means that the cache is closed.
	ErrClosed = errors.New("cache is closed")
)

// Error tells which operation failed on which key, and why.
type Error struct {
	Op    string // the method: "Get", "SetMany", "New"
	Cache string // the cache's name
	Key   string // the key's text without the cache's name; empty if none is to blame
	Err   error
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

// fail makes the error of an operation on a key.
func (c *core) fail(op, key string, err error) error {
	if len(key) > keys.MaxBytes {
		key = key[:64] + "…"
	}
	return &Error{Op: op, Cache: c.name, Key: key, Err: err}
}
