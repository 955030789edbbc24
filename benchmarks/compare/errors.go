package compare

import (
	"errors"
	"fmt"
)

// ErrLossy is the error of a codec that gives another record back than it was given.
var ErrLossy = errors.New("the record does not come back equal")

// Error says which codec failed on which record. It never shows the record, and Err does not if the
// codec keeps to what codec.Codec says of errors.
type Error struct {
	Group, Codec string
	Record       int // its index
	Err          error
}

func (e *Error) Error() string {
	return fmt.Sprintf("compare: %s, codec %s, record %d: %v", e.Group, e.Codec, e.Record, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
