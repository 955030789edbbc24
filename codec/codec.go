package codec

// A Codec turns values of type V into bytes and back. Implementations must be safe for concurrent
// use, and their zero value should be ready to use. Package codectest checks the rules below for
// any implementation.
//
// A codec that can do more has more methods: those of [Appender], [FieldSetter], [Cloner],
// [Checker] and [Bound]. To wrap a codec, use [Wrap], which passes all of them on. A struct that
// embeds a Codec hides them. A struct that embeds JSON, or another type with these methods, gets
// methods that do not know its own Encode and Decode. cache.New refuses such a struct where it can
// see the fault.
type Codec[V any] interface {
	// Encode returns v as bytes. The slice belongs to the caller, who may keep and change it: it
	// shares no memory with v, and no later call of Encode touches it. Encode does not change v. It
	// returns an error for a value that Decode would not read.
	//
	// An error must not quote the value, since the cache passes it on and it ends in logs.
	Encode(v V) ([]byte, error)

	// Decode returns the value that Encode wrote as data. It neither keeps nor modifies data. If
	// data is not a complete value, Decode returns an error, and never a zero value without one. No
	// input makes it panic.
	//
	// An error must not quote the value, since the cache passes it on and it ends in logs.
	Decode(data []byte) (V, error)
}

// An Appender is a codec that can encode into a buffer of the caller. A cache lends it a buffer
// from a pool, which saves one allocation per write. JSON, MsgPack, Proto, Bytes and String are
// Appenders.
type Appender[V any] interface {
	// Append appends the bytes of Encode to dst, and returns the longer slice. After an error,
	// ignore the bytes behind len(dst).
	Append(dst []byte, v V) ([]byte, error)
}

// A FieldSetter is a codec that can change fields of an encoded value. UpdateField and UpdateFields
// of a cache need one. JSON, MsgPack and Proto are FieldSetters.
type FieldSetter interface {
	// SetFields returns data with the fields at these paths replaced by values. Everything else
	// stays as it is, also fields that V does not have. The result can be decoded, and then has the
	// values. SetFields does not modify data. It sets all fields or none.
	//
	// A path is the name of a field in the encoded form, matched exactly. Dots join several names,
	// and indices of lists may follow each of them: "name", "address.city", "tags[0]",
	// `scores["a.b"]`. SetFields replaces a field and does not merge it with its old value.
	//
	// An error wraps [ErrUnknownField] or [ErrFieldValue]. If data cannot be decoded, it wraps
	// neither. It names the field and the Go types, never the value.
	SetFields(data []byte, fields map[string]any) ([]byte, error)
}

// A Cloner is a codec that can copy a value. A cache with Options.Near uses it to give each caller
// a separate copy. Without a Cloner, callers share the value in memory, and must not modify its
// maps, slices and pointers. Proto and Bytes are Cloners.
type Cloner[V any] interface {
	// Clone returns a copy that shares no modifiable memory with v.
	Clone(v V) V
}

// A Checker is a codec that can see from the type V alone that values would not come back as they
// were. cache.New calls Check. JSON, MsgPack and Proto are Checkers.
type Checker interface {
	// Check returns nil, or an error that names the place within V and says what to do.
	Check() error
}

// A Bound codec needs the Redis key of a record, for instance to seal a value so that it can be
// read under this key only. The cache calls EncodeFor and DecodeFor in place of Encode and Decode.
// Encode and Decode return an error if they need a key. AppendFor and SetFieldsFor are optional, as
// Append and SetFields are.
//
//	AppendFor(key string, dst []byte, v V) ([]byte, error)
//	SetFieldsFor(key string, data []byte, fields map[string]any) ([]byte, error)
type Bound[V any] interface {
	// EncodeFor is Encode for the record under key, which is the whole Redis key.
	EncodeFor(key string, v V) ([]byte, error)

	// DecodeFor is Decode for the record under key.
	DecodeFor(key string, data []byte) (V, error)
}

// An Unwrapper is a codec around another one. Methods that do not depend on the bytes, such as
// Clone, are looked for in the inner codec too.
type Unwrapper[V any] interface {
	// Unwrap returns the inner codec.
	Unwrap() Codec[V]
}
