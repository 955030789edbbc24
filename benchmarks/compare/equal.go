package compare

import (
	"bytes"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// equal compares as the comment of Of says. Others do not fit: for reflect.DeepEqual, the same
// instant in another time zone differs, and so does a nil slice from an empty one. go-cmp takes
// exponential time on nested lists.
func equal[V any](a, b V) bool {
	return comparison{}.same(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
}

// comparison has the pairs of pointers that were met so far. To meet a pair again means a cycle, or
// a pair that is compared already.
type comparison map[[2]any]bool

// same compares two values of the same type.
func (c comparison) same(a, b reflect.Value) bool {
	a, b = accessible(a), accessible(b)
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
	}
	if message, ok := a.Interface().(proto.Message); ok && a.Kind() != reflect.Interface {
		return proto.Equal(message, b.Interface().(proto.Message))
	}
	if method := a.MethodByName("Equal"); method.IsValid() && a.Kind() != reflect.Interface &&
		compares(method.Type(), a.Type()) {
		return method.Call([]reflect.Value{b})[0].Bool()
	}
	switch a.Kind() {
	case reflect.Interface:
		return a.Elem().Type() == b.Elem().Type() && c.same(a.Elem(), b.Elem())
	case reflect.Pointer:
		visit := [2]any{a.Interface(), b.Interface()}
		if c[visit] {
			return true
		}
		c[visit] = true
		return c.same(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if !c.same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Type().Elem().Kind() == reflect.Uint8 {
			return bytes.Equal(a.Bytes(), b.Bytes())
		}
		return a.Len() == b.Len() && c.sameElements(a, b)
	case reflect.Array:
		return c.sameElements(a, b)
	case reflect.Map:
		for _, key := range a.MapKeys() {
			other := b.MapIndex(key)
			if !other.IsValid() || !c.same(a.MapIndex(key), other) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Func:
		return a.IsNil() && b.IsNil()
	}
	return a.Equal(b) || a.CanFloat() && a.Float() != a.Float() && b.Float() != b.Float() // NaN
}

func (c comparison) sameElements(a, b reflect.Value) bool {
	for i := range a.Len() {
		if !c.same(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

// accessible returns v in a form that allows Interface, also if v is an unexported field. A field
// of an accessible struct is addressable. Other values come from a map or an interface; it copies
// them.
func accessible(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

// compares reports whether a method takes a value of type t and returns a bool.
func compares(method, t reflect.Type) bool {
	return method.NumIn() == 1 && !method.IsVariadic() && t.AssignableTo(method.In(0)) &&
		method.NumOut() == 1 && method.Out(0).Kind() == reflect.Bool
}
