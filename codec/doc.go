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
// codecs panic, exhaust the stack, or allocate more than in proportion to its length. What the
// decoding methods of your own types do is theirs to answer for.
//
// # Your own codec
//
// Implement the two methods of [Codec]; package codectest has a suite that checks the promises. A
// codec that can name the fields of a value also implements [FieldSetter].
package codec
