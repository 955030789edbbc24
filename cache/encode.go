package cache

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/activettl/rediscache/codec"
)

// buffer is the memory of an encoded value. Buffers come from a pool.
type buffer struct{ data []byte }

var buffers = sync.Pool{New: func() any { return &buffer{} }}

// maxBuffer is the largest capacity of a buffer that goes back to the pool, in bytes.
const maxBuffer = 1 << 20

// encodeLent is encode into a buffer. The caller gives the buffer back with back.
func (c *Cache[K, V]) encodeLent(key string, v V) (*buffer, error) {
	b := buffers.Get().(*buffer)
	var err error
	if b.data, err = c.encodeInto(b.data[:0], key, v); err != nil {
		b.back(nil)
		return nil, err
	}
	c.writes(len(b.data))
	return b, nil
}

// back returns the buffer to the pool after a write. After an error the command may still be in
// flight, for example in a pipeline that the caller has left. Then the buffer stays with the
// command.
func (b *buffer) back(err error) {
	if err == nil && cap(b.data) <= maxBuffer {
		buffers.Put(b)
	}
}

// encode returns the bytes to write for a value under a key, or why the cache cannot write it.
func (c *Cache[K, V]) encode(key string, v V) ([]byte, error) { return c.encodeInto(nil, key, v) }

func (c *Cache[K, V]) encodeInto(dst []byte, key string, v V) (data []byte, err error) {
	if c.lacksValue(v) {
		return dst, ErrNilValue
	}
	if dst == nil {
		data, err = codec.EncodeFor(c.codec, key, v)
	} else {
		data, err = codec.AppendFor(c.codec, key, dst, v)
	}
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrEncode, err)
	}
	if err := c.fits(data); err != nil {
		return dst, err
	}
	if c.nillable && (len(data) <= maxNull || holdsNil(reflect.ValueOf(v))) && c.isNull(key, data) {
		return dst, ErrNilValue
	}
	return data, nil
}

// maxNull is more bytes than any format needs to say that there is no value. The null of JSON needs
// four.
const maxNull = 8

// holdsNil reports whether v is nil behind its pointers and interfaces. Some codecs write that as
// no value.
func holdsNil(v reflect.Value) bool {
	for range 100 {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if v.IsNil() {
				return true
			}
			v = v.Elem()
		case reflect.Map, reflect.Slice:
			return v.IsNil()
		default:
			return false
		}
	}
	return false
}

// isNull reports whether the codec decodes data to nil, for example after an any that held a nil
// map.
func (c *Cache[K, V]) isNull(key string, data []byte) bool {
	v, err := codec.DecodeFor(c.codec, key, data)
	return err == nil && c.lacksValue(v)
}

// decode returns the value of bytes that Redis holds under a key.
func (c *Cache[K, V]) decode(key string, data []byte) (V, error) {
	var zero V
	if err := c.fits(data); err != nil {
		return zero, err
	}
	v, err := codec.DecodeFor(c.codec, key, data)
	if err != nil {
		return zero, fmt.Errorf("%w: %w", ErrDecode, err)
	}
	if c.lacksValue(v) {
		return zero, fmt.Errorf("%w: %w", ErrDecode, ErrNilValue)
	}
	return v, nil
}
