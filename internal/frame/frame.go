package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Magic is the first byte of each frame.
const Magic = 0xC1

// Kind says what the body of a frame is.
type Kind int

// The kinds in records. A kind is one byte.
const (
	Raw     Kind = 0x00 // the value, unchanged
	S2      Kind = 0x01 // one S2 block
	Zstd    Kind = 0x02 // one Zstandard frame
	Sealed  Kind = 0x10 // ciphertext
	Version Kind = 0x20 // a number as uvarint, and then the value
)

// Unframed is the kind of records that do not start with [Magic].
const Unframed Kind = -1

// String returns words for the kind, for errors.
func (k Kind) String() string {
	switch k {
	case Unframed:
		return "unframed"
	case Raw:
		return "raw"
	case S2, Zstd:
		return "compressed"
	case Sealed:
		return "sealed"
	case Version:
		return "versioned"
	}
	return fmt.Sprintf("of the unknown kind 0x%02x", int(k))
}

// ErrShort says that a record has only the first byte of a frame.
var ErrShort = errors.New("the record ends within the head of its frame")

// Append appends the two bytes that start a frame.
func Append(dst []byte, k Kind) []byte { return append(dst, Magic, byte(k)) }

// HeadLen is how many bytes [Append] appends.
const HeadLen = 2

// Cut returns the kind of a record, and its body, which is a part of data. If the kind is
// [Unframed], the body is data. The kind may be one that this package does not know.
func Cut(data []byte) (Kind, []byte, error) {
	switch {
	case len(data) == 0 || data[0] != Magic:
		return Unframed, data, nil
	case len(data) < HeadLen:
		return Unframed, nil, ErrShort
	}
	return Kind(data[1]), data[HeadLen:], nil
}

// AppendVersion appends the head of a frame of kind [Version].
func AppendVersion(dst []byte, n uint64) []byte {
	return binary.AppendUvarint(Append(dst, Version), n)
}

// CutUvarint cuts a uvarint off the start of a body. It returns an error if the number is cut
// short, has more than 64 bits, or is longer than needed. So each number has only one form.
func CutUvarint(body []byte) (n uint64, rest []byte, err error) {
	n, size := binary.Uvarint(body)
	if size <= 0 || size > 1 && body[size-1] == 0 {
		return 0, nil, errors.New("the number in the head of the frame is malformed")
	}
	return n, body[size:], nil
}

// Grow returns dst with room for n more bytes. Unlike slices.Grow, it never allocates more than
// that. So a bound on n is a bound on memory.
func Grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	return append(make([]byte, 0, len(dst)+n), dst...)
}
