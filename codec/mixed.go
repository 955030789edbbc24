package codec

import (
	"fmt"
	"reflect"
)

// checkMethods returns an error for a codec with methods of an embedded codec. Those methods do not
// know the outer Encode, and would write another form.
func checkMethods[V any](c Codec[V]) error {
	if _, old := c.(interface {
		SetField(v V, name string, value any) (V, error)
	}); old {
		return fmt.Errorf("codec %T has the method SetField, which caches no longer call: "+
			"implement codec.FieldSetter", c)
	}
	if !embeds[V](reflect.TypeOf(c)) {
		return nil
	}
	const key = "check"
	v := sample[V]()
	data, err := EncodeFor(c, key, v)
	if err != nil {
		return nil // the codec may refuse the sample
	}
	if _, err := DecodeFor(c, key, data); err != nil {
		return nil
	}
	appended, err := AppendFor(c, key, []byte{}, v)
	if err == nil {
		_, err = DecodeFor(c, key, appended)
	}
	if err != nil {
		return fmt.Errorf("codec %T has the method Append of a codec that it embeds, and decodes "+
			"another form: use codec.Wrap, or name the embedded field", c)
	}
	return nil
}

// embeds reports whether a codec is a struct that embeds a codec.
func embeds[V any](t reflect.Type) bool {
	if t = pointee(t); t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && implements(f.Type, []reflect.Type{
			reflect.TypeFor[Codec[V]](),
		}) {
			return true
		}
	}
	return false
}

// sample returns a zero value, or a pointer to one.
func sample[V any]() (v V) {
	if at := reflect.ValueOf(&v).Elem(); at.Kind() == reflect.Pointer {
		at.Set(reflect.New(at.Type().Elem()))
	}
	return v
}
