package codec

import "reflect"

// operand is what an encoding library gets for v: a pointer to it where that is free. Behind a
// pointer the methods with a pointer receiver count (MarshalJSON, MarshalText, EncodeMsgpack) for v
// and its fields, as they do in Decode; without it the libraries pass over them in silence or
// refuse.
//
// The pointer costs the same allocation as putting v into an interface would. Only types that are
// one pointer already fit an interface for nothing, so they go as they are; named map types do not,
// for they may have methods.
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

// addressOf stands alone so that v moves to the heap only here.
func addressOf[V any](v V) any { return &v }

// nilable reports whether a missing value has a form of its own in t.
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

// pointee returns the type behind pointers, of which a type that points to itself has no end.
func pointee(t reflect.Type) reflect.Type {
	for range 100 {
		if t.Kind() != reflect.Pointer {
			break
		}
		t = t.Elem()
	}
	return t
}
