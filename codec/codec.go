package codec

// A Codec turns values of type V into bytes and back. Implementations are safe for concurrent use,
// and their zero value should be ready to use. Package codectest checks the rules below for any
// implementation.
//
// What else a codec can do, it says by further methods: those of [Appender], [FieldSetter],
// [Cloner], [Checker] and [Bound]. A codec that wraps another one should be made by [Wrap], which
// passes all of them on. A struct that embeds a Codec hides them. One that embeds JSON, or another
// type that has them, gets methods that do not know its own Encode and Decode. cache.New refuses
// that as far as it can be seen.
type Codec[V any] interface {
	// Encode returns the bytes that stand for v. The slice belongs to the caller, who may keep and
	// change it: it shares no memory with v and no later call of Encode touches it. Encode does not
	// change v. What Decode would not read is an error of Encode.
	//
	// An error must not quote the value, since the cache passes it on and it ends in logs.
	Encode(v V) ([]byte, error)

	// Decode returns the value that data stands for. It neither keeps nor modifies data. What is
	// not a complete value is an error, never a zero value, and no input makes Decode panic.
	//
	// An error must not quote the value, since the cache passes it on and it ends in logs.
	Decode(data []byte) (V, error)
}

// An Appender is a codec that can encode into a buffer of the caller's. A cache lends it one from a
// pool, which saves an allocation for each write. JSON, MsgPack, Proto, Bytes and String have it.
type Appender[V any] interface {
	// Append appends to dst what Encode returns, and returns the longer slice. After an error the
	// bytes behind len(dst) are of no use.
	Append(dst []byte, v V) ([]byte, error)
}

// A FieldSetter is a codec that can change fields of an encoded value. It is what
// cache.UpdateField and cache.UpdateFields need. JSON, MsgPack and Proto have it.
type FieldSetter interface {
	// SetFields returns data with the fields at some paths replaced by values, and everything else
	// as it is: fields that V does not have stay. What it returns can be decoded, and shows the
	// values. It does not modify data, and either all fields are set or none.
	//
	// A path is the name of a field in the encoded form, matched exactly, or several joined by
	// dots, each of which may be followed by indices of lists: "name", "address.city", "tags[0]",
	// `scores["a.b"]`. A field is replaced and not merged with what it held.
	//
	// An error wraps ErrUnknownField or ErrFieldValue, or neither if data cannot be decoded. It
	// names the field and the Go types, never the value.
	SetFields(data []byte, fields map[string]any) ([]byte, error)
}

// A Cloner is a codec that can copy a value. A cache with Options.Near that has one returns a copy
// of its own to each caller. Without one, callers share the value in memory, and must not modify
// what it refers to: its maps, slices and pointers. Proto and Bytes have it.
type Cloner[V any] interface {
	// Clone returns a copy that shares nothing with v that could be modified.
	Clone(v V) V
}

// A Checker is a codec that can tell from V alone that values of it would not come back as they
// were. cache.New asks it. JSON, MsgPack and Proto have it.
type Checker interface {
	// Check returns an error that names the place within V and says what to do.
	Check() error
}

// A Bound codec needs the Redis key of a record, for instance to seal a value so that it can be
// read under this key only. The cache calls these methods in place of Encode and Decode, which
// return an error if they cannot do without a key. AppendFor and SetFieldsFor are optional, as
// Append and SetFields are.
//
//	AppendFor(key string, dst []byte, v V) ([]byte, error)
//	SetFieldsFor(key string, data []byte, fields map[string]any) ([]byte, error)
type Bound[V any] interface {
	EncodeFor(key string, v V) ([]byte, error)
	DecodeFor(key string, data []byte) (V, error)
}

// An Unwrapper is a codec around another one. What is no matter of bytes, Clone for instance, is
// looked for in the inner one too.
type Unwrapper[V any] interface{ Unwrap() Codec[V] }
