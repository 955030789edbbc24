package codec_test

import "github.com/activettl/rediscache/codec"

// encoder is a codec that sets fields.
type encoder[V any] interface {
	codec.Codec[V]
	codec.FieldSetter
}

// setField sets a field of what v is encoded as, and decodes the result.
func setField[V any](c encoder[V], v V, path string, value any) (V, error) {
	data, err := c.Encode(v)
	if err != nil {
		return v, err
	}
	if data, err = c.SetFields(data, map[string]any{path: value}); err != nil {
		return v, err
	}
	return c.Decode(data)
}
