package codec

import "reflect"

// operand returns what an encoding library gets for v: a pointer to it where that costs nothing.
// Behind a pointer, methods with a pointer receiver count for v and its fields, as they do in
// Decode. Such methods are MarshalJSON, MarshalText and EncodeMsgpack. Without the pointer, the
// libraries ignore them or fail.
//
// The pointer costs one allocation, as putting v into an interface does. Only types that are a
// single pointer fit an interface without an allocation, so they go as they are. Named map types do
// not, since they may have methods.
func operand[V any](v V) any {
	t := reflect.TypeFor[V]()
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return v
	case reflect.Map:
		if t.Name() == "" {
			return v
		}
	}
	return addressOf(v)
}

// addressOf is a separate function, so that v moves to the heap only here.
func addressOf[V any](v V) any { return &v }

// nilable reports whether t has a nil.
func nilable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	return false
}

// implements reports whether t, or a pointer to it, has one of the interfaces.
func implements(t reflect.Type, interfaces []reflect.Type) bool {
	return firstOf(t, interfaces) >= 0 ||
		t.Kind() != reflect.Interface && firstOf(reflect.PointerTo(t), interfaces) >= 0
}

// pointee returns the type behind pointers. It stops at 100, since a type may point to itself.
func pointee(t reflect.Type) reflect.Type {
	for range 100 {
		if t.Kind() != reflect.Pointer {
			break
		}
		t = t.Elem()
	}
	return t
}
