package frame

import "iter"

// IsUnframed tells whether a codec says of itself, by a method Unframed, that nothing it writes
// starts with [Magic]. A codec says nothing for the codecs that it wraps.
func IsUnframed(c any) bool {
	u, ok := c.(interface{ Unframed() bool })
	return ok && u.Unframed()
}

// unwrap returns the codec that a codec wraps, if it says that it wraps one. C is a codec.Codec[V],
// which this package does not import, since package codec imports this one.
func unwrap[C any](c C) (inner C, ok bool) {
	w, ok := any(c).(interface{ Unwrap() C })
	if ok {
		inner = w.Unwrap()
	}
	return inner, ok
}

// Layers yields a codec and those that it wraps, from the outside.
func Layers[C any](c C) iter.Seq[C] {
	return func(yield func(C) bool) {
		for ok := true; ok && any(c) != nil && yield(c); {
			c, ok = unwrap(c)
		}
	}
}

// IsSealed tells whether a codec or one that it wraps encrypts.
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
