package frame

// IsUnframed tells whether a codec says of itself, by a method Unframed, that nothing it writes
// starts with [Magic]. A codec says nothing for the codecs that it wraps.
func IsUnframed(c any) bool {
	u, ok := c.(interface{ Unframed() bool })
	return ok && u.Unframed()
}

// IsSealed tells whether a codec or one that it wraps encrypts. C is a codec.Codec[V], which this
// package does not import, since package codec imports this one.
func IsSealed[C any](c C) bool {
	for any(c) != nil {
		if s, ok := any(c).(interface{ Sealed() bool }); ok && s.Sealed() {
			return true
		}
		w, ok := any(c).(interface{ Unwrap() C })
		if !ok {
			break
		}
		c = w.Unwrap()
	}
	return false
}

// Innermost returns the codec that wraps no other.
func Innermost[C any](c C) C {
	for any(c) != nil {
		w, ok := any(c).(interface{ Unwrap() C })
		if !ok {
			break
		}
		c = w.Unwrap()
	}
	return c
}
