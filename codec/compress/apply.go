package compress

import (
	"fmt"
	"slices"
	"sync"

	"github.com/activettl/rediscache/internal/frame"
)

// To decode a record of n bytes takes a buffer of no more than slack + ratio*n bytes. The package
// comment promises 64 KiB: the allocator rounds up by 8 KiB at most, and zstd has tables.
const (
	slack = 40 << 10
	ratio = 64

	// block is the longest piece of a zstd frame once it is decoded.
	block = 128 << 10

	// spare is how far zstd may write beyond the end. It is faster if it may.
	spare = 16
)

// room is the memory to decode a value of n bytes. The library appends a whole piece before it sees
// that this is more than the frame claims, so there must be room for one more piece. S2 could do
// without; one rule for both is simpler.
func room(n uint64) uint64 { return n + min(n, block) + spare }

// least is how long a record has to be whose value has n bytes.
func least(n int) int { return (int(room(uint64(n))) - slack + ratio - 1) / ratio }

// scratch holds buffers to compress into. A value is copied out of one, so that it takes no more
// memory than it has bytes: compressing needs room for the case that it does not shrink.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch is how large a buffer may be that is kept.
const maxScratch = 1 << 20

// Apply implements codec.Transform.
func (t *transform) Apply(dst, data []byte, _ string) ([]byte, error) {
	switch {
	case t.err != nil:
		return dst, t.err
	case len(data) > t.max:
		return dst, fmt.Errorf("compress: the value has %d bytes, more than Options.Max = %d",
			len(data), t.max)
	case len(data) < t.min:
		return t.appendRaw(dst, data), nil
	}
	buf := scratch.Get().(*[]byte)
	packed := t.pack((*buf)[:0], data)
	if n := least(len(data)) - frame.HeadLen; len(packed) < n {
		packed = t.packPadded(packed[:0], data, n)
	}
	if frame.HeadLen+len(packed) > len(data)-len(data)/8 {
		dst = t.appendRaw(dst, data)
	} else {
		dst = slices.Grow(dst, frame.HeadLen+len(packed))
		dst = append(frame.Append(dst, t.kind()), packed...)
	}
	if cap(packed) <= maxScratch {
		*buf = packed[:0]
		scratch.Put(buf)
	}
	return dst, nil
}

func (t *transform) appendRaw(dst, data []byte) []byte {
	dst = slices.Grow(dst, frame.HeadLen+len(data))
	// A codec that says it is never framed and still starts with 0xC1 loses nothing.
	if !t.bare || len(data) > 0 && data[0] == frame.Magic {
		dst = frame.Append(dst, frame.Raw)
	}
	return append(dst, data...)
}

// Undo implements codec.Transform.
func (t *transform) Undo(dst, data []byte, _ string) ([]byte, error) {
	if t.err != nil {
		return dst, t.err
	}
	kind, body, err := frame.Cut(data)
	if err != nil {
		return dst, fmt.Errorf("compress: %w", err)
	}
	switch kind {
	case frame.Unframed:
		if t.framed {
			return dst, fmt.Errorf("compress: the record is %v, and Options.Framed is set", kind)
		}
		return t.undoRaw(dst, body)
	case frame.Raw:
		return t.undoRaw(dst, body)
	case frame.S2:
		return t.undoS2(dst, body)
	case frame.Zstd:
		return t.undoZstd(dst, body)
	}
	return dst, fmt.Errorf("compress: the record is %v; this codec cannot read it", kind)
}

func (t *transform) undoRaw(dst, body []byte) ([]byte, error) {
	if err := t.allow(uint64(len(body)), 0, len(body)); err != nil {
		return dst, err
	}
	return append(frame.Grow(dst, len(body)), body...), nil
}

// allow refuses a record that claims to be a longer value than may be, or that takes more memory
// to decode. The body has n bytes.
func (t *transform) allow(claim, memory uint64, n int) error {
	switch {
	case claim > uint64(t.max):
		return fmt.Errorf("compress: the record claims %d bytes, more than Options.Max = %d",
			claim, t.max)
	case memory > slack+ratio*uint64(frame.HeadLen+n):
		return fmt.Errorf("compress: the record claims %d bytes, more than %d bytes can hold",
			claim, frame.HeadLen+n)
	}
	return nil
}
