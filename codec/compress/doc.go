// Package compress makes codecs that keep their values compressed, with S2 or with Zstandard:
//
//	codec := compress.S2(codec.JSON[User]{}, nil)
//
// # Which one, and from which size
//
// S2 is faster, and Zstandard saves more. These are the bytes of a record as JSON, and the times to
// encode it and to decode it, compression included:
//
//	                    plain            S2               Zstandard
//	tweet, bytes          2537           1410               1241
//	tweet, time         7 + 28 us       12 + 30 us        31 + 36 us
//	feed, bytes          11505           4437               3136
//	feed, time         47 + 136 us      72 + 151 us      106 + 157 us
//
// benchmarks/README.md has the command that measured this, and more results.
//
// Below 512 bytes hardly any value shrinks. So by default values below 1 KiB are not compressed. A
// value is stored compressed only if that saves at least an eighth of it. Each of the two codecs
// reads what the other one wrote.
//
// # What is in Redis
//
// A compressed value is framed: 0xC1, a byte for the kind, and the body.
//
//	0xC1 0x00 value          raw: too small, or it does not shrink
//	0xC1 0x01 S2 block       a block, not a stream; Snappy's block format is a part of it
//	0xC1 0x02 zstd frame     with its content size, and nothing behind it but padding
//
// # Existing records
//
// Over JSON and MsgPack you can turn compression on while records exist. You can turn it off again
// once the compressed records have expired. These codecs never write a value that starts with 0xC1,
// and say so with a method Unframed() bool that returns true. Over such a codec, an uncompressed
// value has no frame.
//
// Over any other codec every new record is framed. An old record is read as it is, unless it starts
// with 0xC1: then it is misread or refused. Use a new cache name there, and set Options.Framed.
//
// Some protobuf messages can start with 0xC1: those with a field of type double, fixed64 or
// sfixed64 and number 24, 40, 56, and so on. cache.New refuses them without Options.Framed.
//
// # Hostile records
//
// A few bytes can claim to be gigabytes. So Decode reads the claim first. It refuses more than
// Options.Max bytes. It also refuses a record of n bytes if decoding needs a buffer of more than
// 64·n bytes plus 64 KiB. The allocations of the inner codec are not in that limit, nor the memory
// that Zstandard keeps once per processor.
//
// Encode keeps to the same limit, and pads a value that shrinks further. A value of up to 20 KiB
// gets no padding. One of 128 KiB takes at least 3.4 KiB, and one of 16 MiB at least 257 KiB.
//
// # Other languages
//
// Programs in other languages must write zstd frames with the content size and as a single segment,
// as libzstd does in one call. A longer window counts as memory.
//
// # Order
//
// Compress first, then encrypt: seal.New(compress.S2(...), ...). The other order saves nothing, and
// cache.New refuses it. Package seal says what the length of a compressed value reveals.
//
// A codec.Migrate goes around compression and not within it, unless it was there from the
// beginning. This package does not read records of another frame.
package compress
