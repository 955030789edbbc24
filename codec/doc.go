// Package codec turns typed values into bytes and back: the form in which a cache keeps them in
// Redis.
//
// You choose a [Codec] where you make the cache. Its type parameter is the type of the cache's
// values:
//
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, nil)
//
// # Which codec for what
//
//	JSON[User]{}       any type of encoding/json; readable with redis-cli; the slowest
//	MsgPack[User]{}    any type of msgpack v5; smaller and faster than JSON
//	Proto[*pb.User]{}  generated protobuf messages; the smallest and fastest
//	String{}, Bytes{}  text and bytes as they are
//
// The bytes are exactly what the underlying library writes, with no header. So programs in other
// languages can read and write them. All codecs work as zero values and are safe for concurrent
// use.
//
// UpdateField and UpdateFields of a cache name a field as the codec does:
//
//	JSON               the json tag, or else the Go name
//	MsgPack            the msgpack tag, or else the Go name; with JSONTags also the json tag
//	Proto              the name in the .proto file
//	String, Bytes      no fields
//
// To compare the codecs on your own structs or JSON, run this in a checkout. The README of
// benchmarks explains it:
//
//	go -C benchmarks run . -data file.json
//
// # Around a codec
//
// Some codecs take another codec and keep what it can do. They compress values, encrypt them, or
// change the codec of existing records:
//
//	compress.Zstd(codec.JSON[User]{}, nil)                     // or S2: faster, and larger
//	seal.New(codec.JSON[User]{}, aead, nil)                    // encrypts
//	seal.New(compress.S2(codec.JSON[User]{}, nil), aead, nil)  // compresses, then encrypts
//	codec.Migrate(codec.Version(1, newer), codec.Version(0, older))
//
// They can be combined, in an order that their documentation gives:
//
//   - Package compress compresses values from 1 KiB on. Over JSON and MsgPack you can turn it on
//     while records exist. Tweets of 2.5 kB shrink to 56 % with S2 and to 49 % with Zstandard.
//   - Package seal encrypts and authenticates values. A value can be read under its own key only.
//   - [Migrate] writes with one codec and reads the records of several, for a rolling deployment.
//   - [Wrap] makes such a codec from your own functions on bytes.
//
// # What is refused
//
// Nothing is written that cannot be read again.
//
// cache.New refuses a type if the type alone shows that values would not come back:
//
//   - a struct without exported fields
//   - an interface with methods
//   - a struct that encodes itself by a method of an embedded struct
//   - two fields of one name
//
// Encode refuses cycles and nesting of more than 10000 levels. Some values may not decode: values
// in an interface, and types that encode themselves but do not decode themselves. Encode decodes
// these once more, and returns an error if that fails.
//
// Some losses are not visible in a type, and you must know them:
//
//   - A field with the tag "-" is not stored.
//   - A pointer to a struct without exported fields is stored without what it points to.
//   - A type with both methods may refuse what it wrote.
//
// # What the codecs promise beyond their libraries
//
// A value that cannot be decoded is an error, and never a zero value. These inputs are refused:
// empty input, bytes left over behind the value, and a JSON null or a MessagePack nil for a type
// that has no nil. After an error Decode returns the zero value of its type, never one that is half
// filled.
//
// No error quotes the value. Errors of a cache end in logs, and those of encoding/json, of
// time.Parse and of a type's UnmarshalText quote values. So the codecs describe an error in their
// own words: the field, the Go type and the offset. Of a foreign error they name only the Go type.
// errors.Unwrap does not return the foreign error either, since a logger that walks the chain would
// print its text.
//
// Input may be hostile, since other programs may write to Redis. No input makes these codecs panic
// or exhaust the stack. They allocate at most 64 KiB plus 64 bytes for each byte of input. For maps
// in an any it is 128 bytes, since Go gives each map 300. These limits do not cover the decoding
// methods of your own types.
//
// # Fields
//
// [FieldSetter] changes fields of a stored document, and leaves the rest of it as it is. So an old
// version of a program that sets a field keeps the fields that a newer version wrote. A path leads
// to the field:
//
//	"name"              // a field, by its name in the encoded form
//	"address.city"      // a field of a field; missing objects on the way are made
//	"tags[0]"           // an element that exists
//	`scores["a.b"]`     // the key of a map, if it has dots or brackets
//
// # Your own codec
//
// Implement the two methods of [Codec]. Package codectest has a suite that checks the promises. A
// codec that can do more has more methods: see [Appender], [FieldSetter], [Cloner], [Checker] and
// [Bound].
//
// To wrap a codec, use [Wrap] and not a struct that embeds one. Such a struct hides what the inner
// codec can do, or has methods of it that do not fit.
package codec
