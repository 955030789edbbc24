package compress

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/frame"
)

// Options of [S2] and [Zstd]. Nil Options and zero fields mean the defaults at each field.
type Options struct {
	// Min is the length in bytes from which a value is compressed. Zero means 1 KiB; 1 means all
	// values.
	Min int

	// Max is the largest length of an uncompressed value, in bytes. For longer ones Encode and
	// Decode return an error. Zero means 16 MiB; the largest Max is 1 GiB.
	Max int

	// Framed says that no record is without a frame, since no other codec writes records of the
	// cache. Then Encode frames small values too, and Decode returns an error for a value without a
	// frame. It allows inner codecs whose values start with 0xC1. Existing records become
	// unreadable, so use a new cache name. The default is false.
	Framed bool
}

const (
	defaultMin = 1 << 10
	defaultMax = 16 << 20
	limit      = 1 << 30 // S2 and 32-bit systems allow a little more
)

// S2 returns a codec that compresses the values of inner with S2, a faster Snappy. It can do all
// that inner can, and is safe for concurrent use.
//
// All methods return an error in three cases, and cache.New refuses the codec: an option is out of
// range, inner seals, or values of V can look like a frame. The package comment has the details.
func S2[V any](inner codec.Codec[V], o *Options) codec.Codec[V] {
	return codec.Wrap(inner, newTransform(inner, s2Block{}, o))
}

// Zstd returns a codec that compresses the values of inner with Zstandard, at its fastest level. It
// can do all that inner can, and is safe for concurrent use. It starts no goroutine.
//
// It takes longer than [S2], and its values are smaller: see the package comment. For all codecs
// together, the process keeps GOMAXPROCS encoders and as many decoders. Each pair takes 300 KiB,
// and about 1 MiB after a value of more than 128 KiB. The errors are those of [S2].
func Zstd[V any](inner codec.Codec[V], o *Options) codec.Codec[V] {
	return codec.Wrap(inner, newTransform(inner, zstdFrame{}, o))
}

// A method is S2 or Zstandard.
type method interface {
	kind() frame.Kind

	// pack compresses data and appends the result to dst.
	pack(dst, data []byte) []byte

	// packPadded is pack with a result of at least n bytes.
	packPadded(dst, data []byte, n int) []byte
}

// transform is a codec.Transform.
type transform struct {
	method
	min, max int
	bare     bool // inner values never start with 0xC1, so small values have no frame
	framed   bool // every record has a frame
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
