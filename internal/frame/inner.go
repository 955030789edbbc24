package frame

import "iter"

// IsUnframed reports whether a codec's method Unframed returns true. It says that nothing that the
// codec writes starts with [Magic]. IsUnframed does not ask the codecs that it wraps.
func IsUnframed(c any) bool {
	u, ok := c.(interface{ Unframed() bool })
	return ok && u.Unframed()
}

// unwrap returns the codec that a codec wraps, if it has a method Unwrap. C is a codec.Codec[V].
// This package cannot import that type, since package codec imports this one.
func unwrap[C any](c C) (inner C, ok bool) {
	w, ok := any(c).(interface{ Unwrap() C })
	if ok {
		inner = w.Unwrap()
	}
	return inner, ok
}

// Layers yields a codec and the codecs that it wraps, from the outside to the inside.
func Layers[C any](c C) iter.Seq[C] {
	return func(yield func(C) bool) {
		for ok := true; ok && any(c) != nil && yield(c); {
			c, ok = unwrap(c)
		}
	}
}

// IsSealed reports whether a codec, or one that it wraps, encrypts.
func IsSealed[C any](c C) bool {
	for layer := range Layers(c) {
		if s, ok := any(layer).(interface{ Sealed() bool }); ok && s.Sealed() {
			return true
		}
	}
	return false
}

// Innermost returns the codec that wraps no other.
func Innermost[C any](c C) C {
	for {
		inner, ok := unwrap(c)
		if !ok {
			return c
		}
		c = inner
	}
}
