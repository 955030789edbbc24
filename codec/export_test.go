package codec

// Setter is a codec that sets fields.
type Setter[V any] interface {
	Codec[V]
	FieldSetter
}

// SetField encodes v, sets a field, and decodes the result.
func SetField[V any](c Setter[V], v V, path string, value any) (V, error) {
	data, err := c.Encode(v)
	if err != nil {
		return v, err
	}
	if data, err = c.SetFields(data, map[string]any{path: value}); err != nil {
		return v, err
	}
	return c.Decode(data)
}
