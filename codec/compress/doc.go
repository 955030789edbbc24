// Package compress makes codecs that keep their values compressed, by S2 or by Zstandard:
//
//	codec := compress.S2(codec.JSON[User]{}, nil)
//
// S2 takes 3 us to compress a tweet of 2.5 kB and 0.7 us to decompress it. Zstandard takes 16 and
// 6 us, and JSON 48 us to decode it. Tweets of 4.7 kB shrink to 43 and 36 per cent. Below 512 bytes
// hardly any value shrinks, so by default nothing below 1 KiB is tried. Both codecs read what the
// other one wrote.
//
// # What stands in Redis
//
// A compressed value is framed: 0xC1, a byte for the kind, and the body.
//
//	0xC1 0x00 value          raw: too small, or it does not shrink
//	0xC1 0x01 S2 block       a block, not a stream; Snappy's block format is a part of it
//	0xC1 0x02 zstd frame     with its content size, and nothing behind it but padding
//
// A value is compressed if that saves at least an eighth of it.
//
// # Existing records, and other languages
//
// JSON and MsgPack never write a value that starts with 0xC1, and say so by a method
// Unframed() bool that returns true. Around such a codec, what is not compressed is not framed
// either. So compression can be turned on over existing records, and it can be turned off again
// once the compressed ones have expired.
//
// Around any other codec every new record is framed. An old one is read as it is, unless it starts
// with 0xC1: then it is misread or refused. Use a new cache name there, and set Options.Framed.
// Some protobuf messages can start with 0xC1: those with a field of type double, fixed64 or
// sfixed64 and number 24, 40, 56, and so on. Check refuses them without Options.Framed.
//
// # Hostile records
//
// A few bytes can claim to be gigabytes. So Decode reads the claim first. It refuses more than
// Options.Max, and what would take more than 64*n bytes and 64 KiB of memory for a record of n
// bytes. What the inner codec allocates comes on top, and once per processor what Zstandard keeps.
//
// Encode keeps to that bound as well, and pads a value that shrinks further. A value of up to
// 20 KiB has no padding. One of 128 KiB takes 3.4 KiB at least, and one of 16 MiB takes 257 KiB.
//
// Programs in other languages must write zstd frames with the content size and as a single segment,
// as libzstd does in one call. Longer windows count as memory.
//
// # Order
//
// Compress first, then encrypt: seal.New(compress.S2(...), ...). The other order saves nothing, and
// Check refuses it. Read in package seal what the length of a compressed value gives away.
//
// A codec.Migrate stands around compression and not within it, unless it was there from the
// beginning: this package does not read records of another frame.
package compress
