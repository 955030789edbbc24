// Package codectest checks that a [codec.Codec] keeps the promises of its interface. Run it on a
// codec of your own:
//
//	func TestCodec(t *testing.T) {
//		codectest.Suite[User]{
//			Codec:          MyCodec{},
//			Values:         []User{{}, ann, bob},
//			Corrupt:        [][]byte{nil, []byte("garbage")},
//			SelfDelimiting: true,
//			Fields:         map[string]any{"name": "eve", "tags[0]": "new"},
//		}.Run(t)
//	}
//
// What the codec can do besides Encode and Decode is found and checked as well. Use [Wrapper] for a
// codec that is made around another one.
//
// Run it with -race as well: a codec that shares state between goroutines, or one that changes the
// value it encodes, may only be seen there.
//
// The suite measures what Decode allocates. A codec that makes a slice as long as a header says is
// found at a claim of 1 MiB. A header of eight bytes that the suite does not know may still claim
// terabytes in another check: then the runtime ends the process, out of memory.
package codectest
