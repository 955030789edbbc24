package codec

import "bytes"

// Bytes is the codec of values that are bytes already: pictures, compressed documents, the output
// of another library. The zero value is ready, and safe for concurrent use. Encode and Decode
// return no error. Each makes a copy, with one allocation, so a value and its encoded form never
// share memory. A nil slice comes back as an empty slice that is not nil, since Redis does not tell
// them apart.
type Bytes struct{}

// Encode returns a copy of v, never nil.
func (Bytes) Encode(v []byte) ([]byte, error) { return copied(v), nil }

// Append implements [Appender].
func (Bytes) Append(dst, v []byte) ([]byte, error) { return append(dst, v...), nil }

// Decode returns a copy of data, never nil.
func (Bytes) Decode(data []byte) ([]byte, error) { return copied(data), nil }

// Clone implements [Cloner].
func (Bytes) Clone(v []byte) []byte { return copied(v) }

func copied(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	return bytes.Clone(b)
}

// String is the codec of strings. The zero value is ready, and safe for concurrent use. Encode and
// Decode return no error. Each makes a copy, with one allocation. Any bytes are a string, valid
// UTF-8 or not, and so is the empty input.
type String struct{}

// Encode returns the bytes of v, never nil.
func (String) Encode(v string) ([]byte, error) { return []byte(v), nil }

// Append implements [Appender].
func (String) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

// Decode returns data as a string, a copy.
func (String) Decode(data []byte) (string, error) { return string(data), nil }
