package compress

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/activettl/rediscache/internal/frame"
)

// s2Block is the method S2.
type s2Block struct{}

func (s2Block) kind() frame.Kind { return frame.S2 }

func (s2Block) pack(dst, data []byte) []byte {
	dst = slices.Grow(dst, s2.MaxEncodedLen(len(data)))
	return s2.Encode(dst, data)
}

// packPadded leaves the first n bytes of data uncompressed. A block is its length and then
// independent pieces. So the first piece is uncompressed, and the compressed pieces of the rest
// follow. s2.ConcatBlocks does the same.
func (s2Block) packPadded(dst, data []byte, n int) []byte {
	const literal = 63 << 2 // the tag of a piece whose length, less one, is in the next 4 bytes
	dst = binary.AppendUvarint(dst, uint64(len(data)))
	dst = append(dst, literal)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n-1))
	dst = append(dst, data[:n]...)
	rest := s2.Encode(nil, data[n:])
	_, length := binary.Uvarint(rest)
	return append(dst, rest[length:]...)
}

var errS2 = errors.New("compress: the S2 block is corrupt")

func (t *transform) undoS2(dst, body []byte) ([]byte, error) {
	n, err := s2.DecodedLen(body)
	if err != nil {
		return dst, errS2
	}
	if err := t.allow(uint64(n), room(uint64(n)), len(body)); err != nil {
		return dst, err
	}
	dst = frame.Grow(dst, n)
	at := len(dst)
	if _, err := s2.Decode(dst[at:at:at+n], body); err != nil {
		return dst, errS2
	}
	return dst[:at+n], nil
}
