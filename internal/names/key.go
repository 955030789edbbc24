package names

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
)

// MaxBytes is the longest text of a key.
const MaxBytes = 1024

// Coder writes keys of type K as text and reads them back. For makes it. It is safe for concurrent
// use.
type Coder[K comparable] struct{ form form }

// form is how the keys of a type are written.
type form int

const (
	text     form = iota // with MarshalText and UnmarshalText
	str                  // a string kind, unchanged
	integer              // a signed integer kind, in decimal
	unsigned             // an unsigned integer kind, in decimal
)

// For returns the Coder of K. K must have MarshalText and, on its pointer, UnmarshalText, or its
// underlying type must be a string or an integer. For returns an error for other types, since All
// and Keys could not read their keys back.
func For[K comparable]() (Coder[K], error) {
	t := reflect.TypeFor[K]()
	switch {
	case t.Kind() == reflect.Pointer:
		// Equal keys need not be equal pointers.
		return Coder[K]{}, fmt.Errorf("key type %v is not supported: use the type it points to", t)
	case t.Kind() == reflect.Interface:
		return Coder[K]{}, fmt.Errorf("key type %v is not supported: an interface does not say "+
			"which type a key has. Use that type", t)
	case pointsIn(t):
		return Coder[K]{}, fmt.Errorf("key type %v is not supported: it holds a pointer, so that "+
			"equal keys may differ by ==. Use a string, an integer, or a type without pointers", t)
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) &&
		reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return Coder[K]{text}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return Coder[K]{str}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Coder[K]{integer}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Coder[K]{unsigned}, nil
	}
	return Coder[K]{}, fmt.Errorf("key type %v is not supported: want a string, an integer, "+
		"or a type with MarshalText and UnmarshalText", t)
}

// pointsIn reports whether values of t hold pointers, so that equal values may differ by ==.
// Pointers of package unique do not count: they are equal for equal values.
func pointsIn(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return pointsIn(t.Elem())
	case reflect.Struct:
		if t.PkgPath() == "unique" {
			return false
		}
		for i := range t.NumField() {
			if pointsIn(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

var (
	errEmpty = errors.New("empty key")
	errLong  = fmt.Errorf("key is longer than %d bytes", MaxBytes)
)

// Append appends the text of k to dst. It returns an error if the text does not have 1 to MaxBytes
// bytes, or if MarshalText fails. Together with the error it returns dst and what it could append.
func (c Coder[K]) Append(dst []byte, k K) ([]byte, error) {
	n := len(dst)
	switch c.form {
	case text:
		b, err := any(k).(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return dst, fmt.Errorf("key of type %T: MarshalText failed with %T", k, err)
		}
		dst = append(dst, b...)
	case str:
		if s, ok := any(k).(string); ok {
			dst = append(dst, s...)
		} else {
			dst = append(dst, reflect.ValueOf(k).String()...)
		}
	case integer:
		switch i := any(k).(type) {
		case int:
			dst = strconv.AppendInt(dst, int64(i), 10)
		case int64:
			dst = strconv.AppendInt(dst, i, 10)
		default:
			dst = strconv.AppendInt(dst, reflect.ValueOf(k).Int(), 10)
		}
	case unsigned:
		dst = strconv.AppendUint(dst, reflect.ValueOf(k).Uint(), 10)
	}
	switch n = len(dst) - n; {
	case n == 0:
		return dst, errEmpty
	case n > MaxBytes:
		return dst, errLong
	}
	return dst, nil
}

// Parse reads back the text of a key. It returns an error for a text that Append would write
// differently, such as 007 for an integer. Such a text is not a key of this cache.
func (c Coder[K]) Parse(s string) (K, error) {
	var k K
	v := reflect.ValueOf(&k).Elem()
	switch c.form {
	case text:
		if err := any(&k).(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
			return k, fmt.Errorf("not a key of type %T: UnmarshalText failed with %T", k, err)
		}
	case str:
		v.SetString(s)
	case integer:
		i, err := strconv.ParseInt(s, 10, v.Type().Bits())
		if err != nil {
			return k, fmt.Errorf("not a key of type %T", k)
		}
		v.SetInt(i)
	case unsigned:
		u, err := strconv.ParseUint(s, 10, v.Type().Bits())
		if err != nil {
			return k, fmt.Errorf("not a key of type %T", k)
		}
		v.SetUint(u)
	}
	if back, err := c.Append(nil, k); err != nil {
		return k, err
	} else if string(back) != s {
		return k, fmt.Errorf("not a key of type %T as a cache writes it", k)
	}
	return k, nil
}
