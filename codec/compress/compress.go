package compress

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/frame"
)

// Options of [S2] and [Zstd]. Nil and zero mean what stands at each field.
type Options struct {
	// Min is the length in bytes from which a value is compressed. Zero means 1 KiB; 1 means all.
	Min int

	// Max is how long a value may be before it is compressed, in bytes. Encode and Decode refuse
	// longer ones. Zero means 16 MiB, and the most is 1 GiB.
	Max int

	// Framed says that no record stands unframed: all are written by this codec and no other. Then
	// small values are framed too, and what is unframed is refused. It makes codecs possible whose
	// values start with 0xC1. Existing records become unreadable, so use a new cache name.
	Framed bool
}

const (
	defaultMin = 1 << 10
	defaultMax = 16 << 20
	limit      = 1 << 30 // S2 and 32-bit systems end somewhat further
)

// S2 returns a codec that compresses what inner writes by S2, a faster Snappy. It has all abilities
// of inner and is safe for concurrent use.
//
// It takes about 1.2 us per kilobyte to compress, and a fourth of that to decompress.
//
// All methods return an error if the options make no sense, if inner seals, or if values of V can
// look like a frame; see the package comment. So does Check, which cache.New asks.
func S2[V any](inner codec.Codec[V], o *Options) codec.Codec[V] {
	return codec.Wrap(inner, newTransform(inner, s2Block{}, o))
}

// Zstd returns a codec that compresses what inner writes by Zstandard, at its fastest level. It has
// all abilities of inner and is safe for concurrent use. It starts no goroutine.
//
// It takes several times as long as [S2], for values about a sixth smaller. For all codecs together
// the process keeps GOMAXPROCS encoders and as many decoders. Each pair takes 300 KiB, and about
// 1 MiB once it had a value of more than 128 KiB. The errors are those of [S2].
func Zstd[V any](inner codec.Codec[V], o *Options) codec.Codec[V] {
	return codec.Wrap(inner, newTransform(inner, zstdFrame{}, o))
}

// A method compresses.
type method interface {
	kind() frame.Kind

	// pack appends data to dst, compressed.
	pack(dst, data []byte) []byte

	// packPadded appends data in a form that is at least n bytes long.
	packPadded(dst, data []byte, n int) []byte
}

// transform is a codec.Transform.
type transform struct {
	method
	min, max int
	bare     bool // the inner codec never writes 0xC1 first: leave small values unframed
	framed   bool // nothing is unframed
	err      error
}

func newTransform[V any](inner codec.Codec[V], m method, o *Options) *transform {
	if o == nil {
		o = &Options{}
	}
	t := &transform{method: m, min: o.Min, max: o.Max, framed: o.Framed}
	if t.min == 0 {
		t.min = defaultMin
	}
	if t.max == 0 {
		t.max = defaultMax
	}
	t.bare = !t.framed && frame.IsUnframed(inner)
	t.err = check(inner, t)
	return t
}

func check[V any](inner codec.Codec[V], t *transform) error {
	switch {
	case inner == nil:
		return errors.New("compress: the inner codec is nil")
	case t.min < 0:
		return fmt.Errorf("compress: Options.Min is %d; it must not be negative", t.min)
	case t.max < 0 || t.max > limit:
		return fmt.Errorf("compress: Options.Max is %d; it must be from 0 to %d", t.max, limit)
	case frame.IsSealed(inner):
		return errors.New("compress: sealed values do not shrink; " +
			"use seal.New(compress.S2(...), ...)")
	case t.framed || frame.IsUnframed(frame.Innermost(inner)):
		return nil
	}
	v := reflect.TypeFor[V]()
	if field := frame.Collision(v); field != "" {
		return fmt.Errorf("compress: an uncompressed %s can look like a compressed one, "+
			"by its %s; use a new cache name and set Options.Framed", v, field)
	}
	return nil
}

// Check implements codec.Checker.
func (t *transform) Check() error { return t.err }
