package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/activettl/rediscache/codec"
)

const (
	storeMark  = "codectest-store-"
	storeField = "codectest"
)

// errStore is the failure of an inner codec.
var errStore = errors.New("the inner codec fails")

// A store is the common part of the inner codecs of a Wrapper. It knows all values and writes their
// numbers. So it works for any V, and refuses bytes that it did not write.
type store[V any] struct {
	list    []V
	equal   func(a, b V) bool
	encoded [][]byte

	mu      sync.Mutex
	failure error
	lastKey string
	calls   map[string]int
}

func newStore[V any](values []V, equal func(a, b V) bool) *store[V] {
	s := &store[V]{list: values, equal: equal}
	for i := range values {
		data := fmt.Appendf(nil, "%s%d", storeMark, i)
		if i%2 == 1 {
			for n := 0; len(data) < 4<<10; n++ {
				data = fmt.Appendf(data, " %d", n*n)
			}
		}
		s.encoded = append(s.encoded, data)
	}
	s.reset()
	return s
}

func (s *store[V]) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastKey, s.calls = "", map[string]int{}
}

func (s *store[V]) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

func (s *store[V]) key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastKey
}

func (s *store[V]) count(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

// called notes a call, and returns the failure for it, if a test has set one.
func (s *store[V]) called(call, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[call]++
	s.lastKey = key
	return s.failure
}

func (s *store[V]) write(call, key string, dst []byte, v V) ([]byte, error) {
	if err := s.called(call, key); err != nil {
		return dst, err
	}
	for i, known := range s.list {
		if s.equal(known, v) {
			return append(append(dst, key...), s.encoded[i]...), nil
		}
	}
	return dst, errors.New("not one of the suite's values")
}

func (s *store[V]) read(key string, data []byte) (v V, err error) {
	if err := s.called("decode", key); err != nil {
		return v, err
	}
	for i, known := range s.encoded {
		if body, ok := bytes.CutPrefix(data, []byte(key)); ok && bytes.Equal(body, known) {
			return copied(s.list[i]), nil
		}
	}
	return v, errors.New("not written by this codec under this key")
}

// set replaces a value with the one whose number is the value of the field.
func (s *store[V]) set(key string, data []byte, fields map[string]any) ([]byte, error) {
	if _, err := s.read(key, data); err != nil {
		return nil, err
	}
	out := data
	for path, value := range fields {
		i, ok := value.(int)
		if path != storeField {
			return nil, fmt.Errorf("%w: %q", codec.ErrUnknownField, path)
		}
		if !ok || i < 0 || i >= len(s.encoded) {
			return nil, fmt.Errorf("%w: %q", codec.ErrFieldValue, path)
		}
		out = append([]byte(key), s.encoded[i]...)
	}
	return bytes.Clone(out), nil
}

// plain is a codec that can only encode and decode.
type plain[V any] struct{ store *store[V] }

func (c plain[V]) Encode(v V) ([]byte, error)    { return c.store.write("encode", "", nil, v) }
func (c plain[V]) Decode(data []byte) (V, error) { return c.store.read("", data) }

// able is a codec that can do everything except keys.
type able[V any] struct{ plain[V] }

func (c able[V]) Append(dst []byte, v V) ([]byte, error) {
	return c.store.write("append", "", dst, v)
}

func (c able[V]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	return c.store.set("", data, fields)
}

func (c able[V]) Clone(v V) V {
	_ = c.store.called("clone", "")
	return copied(v)
}

func (c able[V]) Check() error { return c.store.called("check", "") }

// keyed is a codec that needs a key, and can only encode and decode.
type keyed[V any] struct{ store *store[V] }

var errNoKey = errors.New("this codec needs a key: use codec.EncodeFor and codec.DecodeFor")

func (c keyed[V]) Encode(V) ([]byte, error) { return nil, errNoKey }

func (c keyed[V]) Decode([]byte) (v V, err error) { return v, errNoKey }

func (c keyed[V]) EncodeFor(key string, v V) ([]byte, error) {
	return c.store.write("encode", key, nil, v)
}

func (c keyed[V]) DecodeFor(key string, data []byte) (V, error) { return c.store.read(key, data) }

// ableKeyed is a codec that needs a key and can do everything.
type ableKeyed[V any] struct{ keyed[V] }

func (c ableKeyed[V]) AppendFor(key string, dst []byte, v V) ([]byte, error) {
	return c.store.write("append", key, dst, v)
}

func (c ableKeyed[V]) SetFieldsFor(
	key string, data []byte, fields map[string]any,
) ([]byte, error) {
	return c.store.set(key, data, fields)
}

func (c ableKeyed[V]) Clone(v V) V {
	_ = c.store.called("clone", "")
	return copied(v)
}

func (c ableKeyed[V]) Check() error { return c.store.called("check", "") }
