// Package codec turns typed values into bytes and back: the form in which a cache keeps them in
// Redis.
//
// A [Codec] is chosen once, where the cache is made, and its type parameter is the type of the
// cache's values:
//
//	codec.JSON[User]{}         // readable with redis-cli, exact, the slowest
//	codec.MsgPack[User]{}      // smaller and faster, still without a schema
//	codec.Proto[*pb.User]{}    // smallest and fastest for generated messages
//	codec.Bytes{}              // []byte, as it is
//	codec.String{}             // string, as it is
//
// The bytes are exactly what the underlying library writes, with no header, so programs in other
// languages read them too. All codecs work as zero values and are safe for concurrent use.
//
// Around a codec may stand others: package compress makes values smaller, package seal encrypts
// them, and [Migrate] changes the codec of records that are there. [Wrap] makes such a codec of two
// functions on bytes:
//
//	seal.New(compress.Zstd(codec.JSON[User]{}, nil), keys, nil)
//
// # What the codecs promise beyond their libraries
//
// A value that cannot be decoded is an error and never a zero value: a JSON null or a MessagePack
// nil read into a type that has no nil, empty input, and bytes left over behind the value are
// refused. After an error the value returned is the zero value of its type, never one that is half
// filled.
//
// No error quotes the value. Errors of encoding/json, of time.Parse and of a type's own
// UnmarshalText do, and an error of a cache ends in a log. So the codecs describe what went wrong
// in words of their own (the field, the Go type, the offset) and name no more of a foreign error
// than its Go type. The foreign error cannot be reached by errors.Unwrap either: a logger that
// walks the chain would print what this package took out.
//
// Input is taken for hostile: what Redis holds, others may have written. No input makes these
// codecs panic or exhaust the stack. None makes them allocate more than 64 KiB and 64 bytes for
// each byte of it, or 128 for maps in an any, of which Go gives each 300 bytes. What the decoding
// methods of your own types do is theirs to answer for.
//
// Nothing is written that could not be read. cache.New refuses a V of which the type alone shows
// that values would not come back. Such are a struct without exported fields, an interface with
// methods, a struct that encodes itself by a method of what it embeds, and two fields of one name.
// Encode refuses cycles and nesting of more than 10000 levels. It also decodes once more what may
// not decode: what is in an interface, and types that encode themselves without decoding themselves.
//
// What no type shows is yours to know. A field with the tag "-" is not stored, nor is what a pointer
// to a struct without exported fields points to. A type with both methods may refuse what it wrote.
//
// # Fields
//
// [FieldSetter] changes fields of a stored document, and leaves all else in it as it is. So a
// process of an old version that sets a field keeps the fields that a newer version has written. A
// path leads to the field:
//
//	"name"              // a field, by its name in the encoded form
//	"address.city"      // a field of a field; what is missing on the way is made
//	"tags[0]"           // an element that is there
//	`scores["a.b"]`     // the key of a map, if it has dots or brackets
//
// # Your own codec
//
// Implement the two methods of [Codec]; package codectest has a suite that checks the promises. A
// codec that can do more has more methods: see [Appender], [FieldSetter], [Cloner], [Checker] and
// [Bound]. To wrap a codec, use [Wrap] and not a struct that embeds one.
package codec
