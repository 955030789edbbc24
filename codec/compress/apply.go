package compress

import (
	"fmt"
	"slices"
	"sync"

	"github.com/activettl/rediscache/internal/frame"
)

// Decoding a record of n bytes takes a buffer of at most slack + ratio*n bytes. The package comment
// promises 64 KiB and not 40: the allocator rounds up by at most 8 KiB, and zstd has tables.
const (
	slack = 40 << 10
	ratio = 64

	// block is the longest decoded piece of a zstd frame, in bytes.
	block = 128 << 10

	// spare is how many bytes zstd may write beyond the end. It is faster if it may.
	spare = 16
)

// room is the memory to decode a value of n bytes. The library may append a whole piece before it
// sees that the frame claims less, so there must be room for one more piece. S2 does not need it,
// but one rule for both is simpler.
func room(n uint64) uint64 { return n + min(n, block) + spare }

// least returns the shortest allowed record for a value of n bytes.
func least(n int) int { return (int(room(uint64(n))) - slack + ratio - 1) / ratio }

// scratch holds buffers for compression. These need room for a value that does not shrink. The
// result is copied out, so that it takes no more memory than it has bytes.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch is the size of the largest buffer that goes back to the pool, in bytes.
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
	// Also right for a codec whose Unframed is wrong, and that writes 0xC1 first.
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

// allow returns an error if a record claims a longer value than Options.Max, or if decoding takes
// too much memory. The body has n bytes.
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
