package codec

import (
	"errors"
	"fmt"
	"sync"
)

// A Transform turns encoded values into other bytes and back, to compress or encrypt them.
// Implementations must be safe for concurrent use. An error must not quote the value.
//
// If it has a method Check() error, it is used as a [Checker].
type Transform interface {
	// Apply transforms data for the record under a Redis key, and appends the result to dst.
	Apply(dst, data []byte, key string) ([]byte, error)

	// Undo reverses Apply and appends the result to dst. It neither keeps nor modifies data. It
	// returns an error for bytes that Apply cannot have written. No input makes it panic, or
	// allocate more than the limit of the transform.
	Undo(dst, data []byte, key string) ([]byte, error)
}

// Wrap returns a codec that encodes with inner and then applies t. Decode undoes t and then decodes
// with inner. The codec can do all that inner can: set fields, clone, append, and so on. It is safe
// for concurrent use.
//
// If inner or t is nil, its methods return an error, and cache.New refuses the codec. Buffers
// between inner and t come from a pool.
func Wrap[V any](inner Codec[V], t Transform) Codec[V] {
	if t == nil {
		t = none{}
	}
	return wrapped[V]{inner, t}
}

// none takes the place of a nil transform. It fails and does not panic.
type none struct{}

var errNone = errors.New("codec: Wrap has no transform")

func (none) Apply(_, _ []byte, _ string) ([]byte, error) { return nil, errNone }
func (none) Undo(_, _ []byte, _ string) ([]byte, error)  { return nil, errNone }
func (none) Check() error                                { return errNone }

// wrapped is what Wrap returns.
type wrapped[V any] struct {
	inner Codec[V]
	Transform
}

// The buffers between a codec and a transform.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxBuffer is the size of the largest buffer that goes back to the pool, in bytes.
const maxBuffer = 1 << 20

// release puts buf back into the pool. used is the slice that the work ended with. If it is larger,
// the pool gets a new buffer of its size. used itself may be memory of the caller, so the pool
// never gets it.
func release(buf *[]byte, used []byte) {
	if n := cap(used); n > cap(*buf) && n <= maxBuffer {
		*buf = make([]byte, 0, n)
	}
	if cap(*buf) <= maxBuffer {
		buffers.Put(buf)
	}
}

func (w wrapped[V]) Unwrap() Codec[V] { return w.inner }

func (w wrapped[V]) Encode(v V) ([]byte, error) { return w.AppendFor("", nil, v) }

func (w wrapped[V]) Append(dst []byte, v V) ([]byte, error) { return w.AppendFor("", dst, v) }

func (w wrapped[V]) EncodeFor(key string, v V) ([]byte, error) { return w.AppendFor(key, nil, v) }

func (w wrapped[V]) AppendFor(key string, dst []byte, v V) ([]byte, error) {
	buf := buffers.Get().(*[]byte)
	data, err := AppendFor(w.inner, key, (*buf)[:0], v)
	if err != nil {
		return dst, err
	}
	dst, err = w.Apply(dst, data, key)
	if len(dst) == 0 || len(data) == 0 || &dst[0] != &data[0] { // else Apply returned data itself
		release(buf, data)
	}
	return dst, err
}

func (w wrapped[V]) Decode(data []byte) (V, error) { return w.DecodeFor("", data) }

func (w wrapped[V]) DecodeFor(key string, data []byte) (V, error) {
	buf := buffers.Get().(*[]byte)
	plain, err := w.Undo((*buf)[:0], data, key)
	if err != nil {
		var zero V
		return zero, err
	}
	v, err := DecodeFor(w.inner, key, plain)
	release(buf, plain)
	return v, err
}

func (w wrapped[V]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	return w.SetFieldsFor("", data, fields)
}

func (w wrapped[V]) SetFieldsFor(key string, data []byte, fields map[string]any) ([]byte, error) {
	plain, err := w.Undo(nil, data, key)
	if err != nil {
		return nil, err
	}
	if plain, err = SetFieldsFor(w.inner, key, plain, fields); err != nil {
		return nil, err
	}
	return w.Apply(nil, plain, key)
}

func (w wrapped[V]) Check() error {
	if c, ok := w.Transform.(Checker); ok {
		if err := c.Check(); err != nil {
			return err
		}
	}
	if w.inner == nil {
		return errNil
	}
	return nil
}

// Sealed reports whether the transform encrypts. A transform says so with a method Sealed.
// Encrypted bytes do not shrink, so packages compress and seal ask their inner codecs.
func (w wrapped[V]) Sealed() bool {
	s, ok := w.Transform.(interface{ Sealed() bool })
	return ok && s.Sealed()
}

// String names the types of both.
func (w wrapped[V]) String() string { return fmt.Sprintf("%T of %T", w.Transform, w.inner) }
