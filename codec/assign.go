package codec

import (
	"encoding"
	"encoding/json"
	"reflect"
)

var (
	jsonNumber      = reflect.TypeFor[json.Number]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// assign sets dst, which is zero, to value and reports whether value fits; JSON.SetField says when
// it does. If it does not, dst may be half filled.
func assign(dst reflect.Value, value any) bool { return assignValue(dst, reflect.ValueOf(value)) }

func assignValue(dst, src reflect.Value) bool {
	for src.Kind() == reflect.Interface {
		src = src.Elem()
	}
	t := dst.Type()
	if !src.IsValid() {
		return nilable(t)
	}
	if src.Type().AssignableTo(t) {
		dst.Set(src)
		return true
	}
	if t.Kind() == reflect.Pointer {
		dst.Set(reflect.New(t.Elem()))
		return assignValue(dst.Elem(), src)
	}
	if isString(src.Type()) && reflect.PointerTo(t).Implements(textUnmarshaler) {
		return dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(
			[]byte(src.String())) == nil
	}
	if isNumber(t) && isNumber(src.Type()) {
		return assignNumber(dst, src)
	}
	switch t.Kind() {
	case reflect.Bool:
		if src.Kind() == reflect.Bool {
			dst.SetBool(src.Bool())
			return true
		}
	case reflect.String:
		// A json.Number is a string only to the compiler.
		if isString(src.Type()) && t != jsonNumber {
			dst.SetString(src.String())
			return true
		}
	case reflect.Slice:
		return assignSlice(dst, src)
	case reflect.Array:
		return isList(src) && src.Len() == dst.Len() && assignElements(dst, src)
	case reflect.Map:
		return assignMap(dst, src)
	}
	return false
}

func isString(t reflect.Type) bool { return t.Kind() == reflect.String && t != jsonNumber }

func isList(v reflect.Value) bool { return v.Kind() == reflect.Slice || v.Kind() == reflect.Array }

func pointee(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func assignSlice(dst, src reflect.Value) bool {
	if !isList(src) {
		return false
	}
	if src.Kind() == reflect.Slice && src.IsNil() {
		return true
	}
	dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
	return assignElements(dst, src)
}

func assignElements(dst, src reflect.Value) bool {
	if dst.Type().Elem() == src.Type().Elem() {
		reflect.Copy(dst, src)
		return true
	}
	for i := range src.Len() {
		if !assignValue(dst.Index(i), src.Index(i)) {
			return false
		}
	}
	return true
}

// assignMap asks for string keys on both sides, since two different keys of one number may be equal
// after conversion.
func assignMap(dst, src reflect.Value) bool {
	t := dst.Type()
	if src.Kind() != reflect.Map || t.Key().Kind() != reflect.String ||
		src.Type().Key().Kind() != reflect.String {
		return false
	}
	if src.IsNil() {
		return true
	}
	dst.Set(reflect.MakeMapWithSize(t, src.Len()))
	for all := src.MapRange(); all.Next(); {
		value := reflect.New(t.Elem()).Elem()
		if !assignValue(value, all.Value()) {
			return false
		}
		dst.SetMapIndex(all.Key().Convert(t.Key()), value)
	}
	return true
}
