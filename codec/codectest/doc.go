// Package codectest checks that a [codec.Codec] keeps the promises of its interface. Run it on your
// own codec:
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
// The suite also finds and checks what the codec can do besides Encode and Decode. Use [Wrapper]
// for a codec that wraps another one.
//
// Run it with -race too. Only there it may see that a codec shares state between goroutines, or
// changes the value that it encodes.
//
// The suite measures what Decode allocates. If a codec trusts a length in its input, the suite
// finds it with a claim of 1 MiB. With an unknown form of header of eight bytes, another check may
// still claim terabytes. Then the runtime ends the process, since it is out of memory.
package codectest
