package codec

import (
	"errors"
	"fmt"
	"sync"
)

// A Transform turns encoded values into other bytes and back: compression, encryption. It is safe
// for concurrent use. An error must not quote the value.
//
// If it has a method Check() error, that is asked as a [Checker].
type Transform interface {
	// Apply appends to dst what stands for data under a Redis key.
	Apply(dst, data []byte, key string) ([]byte, error)

	// Undo appends to dst what data stands for. It neither keeps nor modifies data. Bytes that
	// Apply cannot have written are an error. No input makes it panic, or allocate more than the
	// transform is to allow.
	Undo(dst, data []byte, key string) ([]byte, error)
}

// Wrap returns a codec that keeps what another one writes as a transform makes it. It can do all
// that the inner one can: set fields, clone, append, and so on.
func Wrap[V any](inner Codec[V], t Transform) Codec[V] {
	if t == nil {
		t = none{}
	}
	return wrapped[V]{inner, t}
}

// none stands for a transform that is nil.
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

// maxBuffer is how large a buffer may be that is kept.
const maxBuffer = 1 << 20

// release gives a buffer back that another one took the place of, if it was too small. That one
// may be anybody's memory, so it is not kept.
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
	if len(dst) == 0 || len(data) == 0 || &dst[0] != &data[0] { // else it did not append
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

// Sealed says whether the transform encrypts, which it tells by a method of that name. What is
// sealed does not shrink any more, so packages compress and seal ask their inner codecs.
func (w wrapped[V]) Sealed() bool {
	s, ok := w.Transform.(interface{ Sealed() bool })
	return ok && s.Sealed()
}

// String says what wraps what.
func (w wrapped[V]) String() string { return fmt.Sprintf("%T of %T", w.Transform, w.inner) }
