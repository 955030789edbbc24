package codec

import (
	"errors"
	"fmt"

	"github.com/activettl/rediscache/internal/frame"
)

// appenderFor and fieldSetterFor are the optional methods of a Bound codec.
type appenderFor[V any] interface {
	AppendFor(key string, dst []byte, v V) ([]byte, error)
}

type fieldSetterFor interface {
	SetFieldsFor(key string, data []byte, fields map[string]any) ([]byte, error)
}

var errNil = errors.New("codec: a codec within another one is nil")

// EncodeFor encodes the value of the record under a Redis key, as a cache does: with the method of
// a [Bound] codec, or else with Encode. A nil codec is an error.
func EncodeFor[V any](c Codec[V], key string, v V) ([]byte, error) {
	if c == nil {
		return nil, errNil
	}
	if b, ok := c.(Bound[V]); ok {
		return b.EncodeFor(key, v)
	}
	return c.Encode(v)
}

// AppendFor appends to dst the bytes that [EncodeFor] returns. If c is an [Appender], it encodes
// into dst and needs no other buffer. After an error it returns dst as it was.
func AppendFor[V any](c Codec[V], key string, dst []byte, v V) ([]byte, error) {
	out, err := appendFor(c, key, dst, v)
	if err == nil && len(out) < len(dst) {
		err = fmt.Errorf("codec %T does not append to what it gets", c)
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendFor[V any](c Codec[V], key string, dst []byte, v V) ([]byte, error) {
	if b, ok := c.(appenderFor[V]); ok {
		return b.AppendFor(key, dst, v)
	}
	if _, bound := c.(Bound[V]); !bound {
		if a, ok := c.(Appender[V]); ok {
			return a.Append(dst, v)
		}
	}
	data, err := EncodeFor(c, key, v)
	return append(dst, data...), err
}

// DecodeFor decodes the record under a Redis key, as a cache does: with the method of a [Bound]
// codec, or else with Decode. A nil codec is an error.
func DecodeFor[V any](c Codec[V], key string, data []byte) (V, error) {
	if c == nil {
		var zero V
		return zero, errNil
	}
	if b, ok := c.(Bound[V]); ok {
		return b.DecodeFor(key, data)
	}
	return c.Decode(data)
}

// SetFieldsFor changes fields of the record under a Redis key, as a cache does; see [FieldSetter].
// If c cannot set fields, the error wraps errors.ErrUnsupported.
func SetFieldsFor[V any](
	c Codec[V], key string, data []byte, fields map[string]any,
) ([]byte, error) {
	if b, ok := c.(fieldSetterFor); ok {
		return b.SetFieldsFor(key, data, fields)
	}
	if _, bound := c.(Bound[V]); !bound {
		if s, ok := c.(FieldSetter); ok {
			return s.SetFields(data, fields)
		}
	}
	return nil, fmt.Errorf("codec %T cannot name fields: %w", c, errors.ErrUnsupported)
}

// ClonerOf returns the [Cloner] of a codec: the codec itself, or one that it wraps. It reports
// false if there is none.
func ClonerOf[V any](c Codec[V]) (Cloner[V], bool) {
	for layer := range frame.Layers(c) {
		if cloner, ok := layer.(Cloner[V]); ok {
			return cloner, true
		}
	}
	return nil, false
}

// Check calls the method Check of a codec and of all codecs that it wraps; see [Checker]. It also
// returns an error for a codec whose methods do not belong together. cache.New calls it.
func Check[V any](c Codec[V]) error {
	for layer := range frame.Layers(c) {
		if err := checkMethods(layer); err != nil {
			return err
		}
		if checker, ok := layer.(Checker); ok {
			if err := checker.Check(); err != nil {
				return err
			}
		}
	}
	return nil
}
