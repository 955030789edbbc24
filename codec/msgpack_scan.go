package codec

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// maxNesting is the limit of encoding/json and of protobuf. The library's decoder needs 4 MiB of
// stack for it. For the million levels that one MiB of input can have it was seen to take 512 MiB,
// and for two it ends the process, which nothing recovers.
const maxNesting = 10000

const (
	deepText = "nested more than %d levels deep"
	heldText = "holds itself, or is " + deepText
)

// Codes of the MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md.
const (
	codeNil     = 0xc0
	codeUnused  = 0xc1
	codeFalse   = 0xc2
	codeBin8    = 0xc4
	codeBin16   = 0xc5
	codeBin32   = 0xc6
	codeExt8    = 0xc7
	codeExt16   = 0xc8
	codeExt32   = 0xc9
	codeFloat32 = 0xca
	codeFloat64 = 0xcb
	codeUint8   = 0xcc
	codeUint64  = 0xcf
	codeInt8    = 0xd0
	codeInt64   = 0xd3
	codeFixExt1 = 0xd4
	codeStr8    = 0xd9
	codeStr16   = 0xda
	codeStr32   = 0xdb
	codeArray16 = 0xdc
	codeArray32 = 0xdd
	codeMap16   = 0xde
	codeMap32   = 0xdf

	// internedString is the extension by which the library refers to a string it has already seen.
	internedString = 0x80
)

// payloads has the number of bytes behind each code whose payload has a fixed length.
var payloads = [256]uint8{
	0xca: 4, 0xcb: 8, // float
	0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8, // uint
	0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8, // int
}

var (
	errMsgpackShort = &msgpackError{"data ends inside the value"}
	errMsgpackDeep  = &msgpackError{fmt.Sprintf(deepText, maxNesting)}
	errMsgpackMap   = &msgpackError{"a map inside an extension is malformed"}
)

// msgpackReader is the input of one Decode. It has passed the scan when the library reads from it.
type msgpackReader struct {
	data []byte
	pos  int

	// traps are positions that must not be read as a code, in ascending order. The library skips an
	// extension in front of a map, and reads its payload as the map's header. To everybody else a
	// payload is opaque and holds anything: an honest time.Time can look like a map of four billion
	// entries. Payloads are read as blocks, codes one at a time, so ReadByte tells the one from the
	// other. Nearly always empty.
	traps []int

	msgpackSeen

	float func(pos int, value float64, behind int) // is called with each float, if it is set
}

// msgpackSeen is what a scan has seen.
type msgpackSeen struct {
	widest   widths
	interned bool // there is a reference to a string that the library has already seen
	values   int  // that stand one behind the other
}

// reset scans data. It accepts a sequence of values and not only one: an EncodeMsgpack may write
// more than one, as the library's own example does. Decode sees to it that all of it is read.
func (r *msgpackReader) reset(data []byte) error {
	*r = msgpackReader{data: data}
	if len(data) == 0 {
		return errMsgpackShort
	}
	return r.sequence(0, len(data), 0)
}

func (r *msgpackReader) sequence(pos, end, depth int) (err error) {
	for ; pos < end && err == nil; r.msgpackSeen.values++ {
		pos, err = r.values(pos, end, 1, depth)
	}
	return err
}

// values passes over n values from pos on, none of which may go beyond end, and returns the
// position behind them.
func (r *msgpackReader) values(pos, end, n, depth int) (int, error) {
	if depth > maxNesting {
		return 0, errMsgpackDeep
	}
	// Each value takes a byte at least. This is the wall that keeps out announced lengths that are
	// not there.
	if n > end-pos {
		return 0, errMsgpackShort
	}
	for ; n > 0; n-- {
		if pos >= end {
			return 0, errMsgpackShort
		}
		c := r.data[pos]
		pos++
		var skip, inner int
		switch {
		case c < 0x80: // fixint
			continue
		case c >= 0xe0: // negative
			r.widest.negative = true
			continue
		case c < 0x90:
			inner = 2 * int(c&0x0f)
		case c < 0xa0:
			inner = int(c & 0x0f)
		case c < codeNil:
			skip = int(c & 0x1f)
		default:
			width := lengthWidth(c)
			if width > end-pos {
				return 0, errMsgpackShort
			}
			length := bigEndian(r.data[pos : pos+width])
			pos += width
			// Negative is what a length beyond 2 GiB looks like where an int has 32 bits.
			if length < 0 || length > end-pos {
				return 0, errMsgpackShort
			}
			switch c {
			case codeUnused:
				return 0, &msgpackError{fmt.Sprintf("no value at offset %d", pos-1)}
			case codeBin8, codeBin16, codeBin32, codeStr8, codeStr16, codeStr32:
				skip = length
			case codeArray16, codeArray32:
				inner = length
			case codeMap16, codeMap32:
				inner = 2 * length
			case codeExt8, codeExt16, codeExt32:
				skip = 1 + length
				r.extension(pos, end, length, depth)
			case codeFixExt1, codeFixExt1 + 1, codeFixExt1 + 2, codeFixExt1 + 3, codeFixExt1 + 4:
				length = 1 << (c - codeFixExt1)
				skip = 1 + length
				r.extension(pos, end, length, depth)
			default:
				skip = int(payloads[c])
				if skip <= end-pos {
					r.number(c, pos, pos+skip)
				}
			}
		}
		if skip > end-pos {
			return 0, errMsgpackShort
		}
		pos += skip
		if inner > 0 {
			var err error
			if pos, err = r.values(pos, end, inner, depth+1); err != nil {
				return 0, err
			}
		}
	}
	return pos, nil
}

// number notes the number whose payload stands from pos to behind.
func (r *msgpackReader) number(c byte, pos, behind int) {
	switch payload := r.data[pos:behind]; {
	case c >= codeUint8 && c <= codeInt64:
		r.widest.add(c, payload)
	case r.float == nil:
	case c == codeFloat32:
		f := math.Float32frombits(uint32(natural(payload)))
		r.float(pos-1, float64(f), behind)
	case c == codeFloat64:
		r.float(pos-1, math.Float64frombits(natural(payload)), behind)
	}
}

// extension sets a trap at a payload that starts like a map and would not be harmless as one. pos
// is that of the type.
func (r *msgpackReader) extension(pos, end, length, depth int) {
	start := pos + 1
	if length == 0 || length > end-start {
		return
	}
	r.interned = r.interned || r.data[pos] == internedString
	if c := r.data[start]; c&0xf0 != 0x80 && c != codeMap16 && c != codeMap32 {
		return
	}
	// The library reads the one-byte index of an interned string as it reads a code. As the header
	// of a map it announces 15 entries at most, and those stand outside the payload, where the scan
	// looks at them.
	if length == 1 && r.data[pos] == internedString {
		return
	}
	inner := msgpackReader{data: r.data}
	if inner.sequence(start, start+length, depth+1) != nil {
		r.traps = append(r.traps, start)
		return
	}
	r.traps = append(r.traps, inner.traps...)
}

// lengthWidth is the number of bytes behind c that hold a length.
func lengthWidth(c byte) int {
	switch c {
	case codeBin8, codeStr8, codeExt8:
		return 1
	case codeBin16, codeStr16, codeExt16, codeArray16, codeMap16:
		return 2
	case codeBin32, codeStr32, codeExt32, codeArray32, codeMap32:
		return 4
	}
	return 0
}

func bigEndian(b []byte) int {
	switch len(b) {
	case 1:
		return int(b[0])
	case 2:
		return int(binary.BigEndian.Uint16(b))
	case 4:
		return int(binary.BigEndian.Uint32(b))
	}
	return 0
}

// Read, ReadByte and UnreadByte are what keeps the library from putting a buffer of its own in
// between.

func (r *msgpackReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.pos >= len(r.data) {
		return 0, io.EOF
	}
	n := copy(p, r.data[r.pos:])
	r.pos += n
	return n, nil
}

func (r *msgpackReader) ReadByte() (byte, error) {
	if r.pos >= len(r.data) {
		return 0, io.EOF
	}
	if len(r.traps) > 0 {
		if _, set := slices.BinarySearch(r.traps, r.pos); set {
			return 0, errMsgpackMap
		}
	}
	c := r.data[r.pos]
	r.pos++
	return c, nil
}

func (r *msgpackReader) UnreadByte() error {
	if r.pos == 0 {
		return io.ErrUnexpectedEOF
	}
	r.pos--
	return nil
}
