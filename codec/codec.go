package codec

// A Codec turns values of type V into bytes and back. Implementations are safe for concurrent use,
// and their zero value should be ready to use. Package codectest checks the rules below for any
// implementation.
type Codec[V any] interface {
	// Encode returns the bytes that stand for v. The slice belongs to the caller, who may keep and
	// change it: it shares no memory with v and no later call of Encode touches it. Encode does not
	// change v.
	//
	// An error must not quote the value, since the cache passes it on and it ends in logs.
	Encode(v V) ([]byte, error)

	// Decode returns the value that data stands for. It neither keeps nor modifies data. What is
	// not a complete value is an error, never a zero value, and no input makes Decode panic.
	//
	// An error must not quote the value, since the cache passes it on and it ends in logs.
	Decode(data []byte) (V, error)
}

// A Cloner is a codec that can copy a value. A cache with Options.Near that has one returns a copy
// of its own to each caller. Without one, callers share the value in memory, and must not modify
// what it refers to: its maps, slices and pointers. Proto and Bytes have it.
type Cloner[V any] interface {
	Codec[V]

	// Clone returns a copy that shares nothing with v that could be modified.
	Clone(v V) V
}

// A FieldSetter is a codec that can change one field of a value by the name the field has in the
// encoded form. It is what cache.UpdateField needs, found by a type assertion on the codec: a codec
// without it simply has no UpdateField. JSON, MsgPack and Proto have it.
type FieldSetter[V any] interface {
	// SetField returns v with the named field replaced by value. Names are matched exactly. The
	// field is replaced and not merged with what it held.
	//
	// An error wraps exactly one of ErrUnknownField and ErrFieldValue, names the field and the Go
	// types, never the value, and leaves v as it was.
	//
	// A v that is a struct is not changed, and neither is anything it refers to. A v that is a
	// pointer is changed in place and returned: it is meant to come fresh from Decode. The result
	// may share memory with value.
	SetField(v V, name string, value any) (V, error)
}
