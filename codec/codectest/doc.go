// Package codectest checks that a [codec.Codec] keeps the promises of its interface. Run it on a
// codec of your own:
//
//	func TestCodec(t *testing.T) {
//		codectest.Suite[User]{
//			Codec:          MyCodec{},
//			Values:         []User{{}, ann, bob},
//			Corrupt:        [][]byte{nil, []byte("garbage")},
//			SelfDelimiting: true,
//		}.Run(t)
//	}
//
// Run it with -race as well: a codec that shares state between goroutines, or one that changes the
// value it encodes, may only be seen there.
package codectest
