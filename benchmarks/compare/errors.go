package compare

import (
	"errors"
	"fmt"
)

// ErrLossy means that a codec decoded another record than it encoded.
var ErrLossy = errors.New("the record does not come back equal")

// Error says which codec failed on which record. It never shows the record. Err does not either, if
// the codec follows the rules of codec.Codec for errors.
type Error struct {
	Group, Codec string
	Record       int // its index
	Err          error
}

func (e *Error) Error() string {
	return fmt.Sprintf("compare: %s, codec %s, record %d: %v", e.Group, e.Codec, e.Record, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
