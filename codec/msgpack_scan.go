package codec

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// maxNesting is the limit of encoding/json and of protobuf. The decoder of the library needs 4 MiB
// of stack for it. One MiB of input can have a million levels, for which it took 512 MiB. Two MiB
// end the process, and no recover prevents that.
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

	// internedString is the extension with which the library refers to an earlier string.
	internedString = 0x80
)

// payloads has the length of the payload for each code where it is fixed, in bytes.
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

// msgpackReader is the input of one Decode. It is scanned before the library reads from it.
type msgpackReader struct {
	data []byte
	pos  int

	// traps are positions that must not be read as a code, in ascending order. The library skips an
	// extension in front of a map, and then reads its payload as the header of the map. The payload
	// may be any bytes: that of a valid time.Time can look like a map of four billion entries. The
	// library reads payloads as blocks and codes one at a time, so ReadByte can tell them apart.
	// Nearly always empty.
	traps []int

	msgpackSeen

	float func(pos int, value float64, behind int) // called with each float; may be nil
}

// msgpackSeen is what a scan saw.
type msgpackSeen struct {
	widest   widths
	interned bool // there is a reference to an earlier string
	values   int  // the number of values, one behind the other
}

// reset scans data. It accepts a sequence of values, since an EncodeMsgpack may write several, as
// in the example of the library. Decode checks that all of them were read.
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

// values passes over n values from pos on, and returns the position behind them. A value that goes
// beyond end is an error.
func (r *msgpackReader) values(pos, end, n, depth int) (int, error) {
	if depth > maxNesting {
		return 0, errMsgpackDeep
	}
	// Each value takes at least one byte. So this refuses lengths beyond the end of the data.
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
			// Where an int has 32 bits, a length above 2 GiB is negative.
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

// number notes the number whose payload is from pos to behind.
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

// extension sets a trap at a payload that starts like a map and would be harmful as one. pos is the
// position of the type.
func (r *msgpackReader) extension(pos, end, length, depth int) {
	start := pos + 1
	if length == 0 || length > end-start {
		return
	}
	r.interned = r.interned || r.data[pos] == internedString
	if c := r.data[start]; c&0xf0 != 0x80 && c != codeMap16 && c != codeMap32 {
		return
	}
	// The library reads the one-byte index of an interned string like a code. As the header of a
	// map it announces at most 15 entries. These are outside the payload, where the scan checks
	// them.
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

// lengthWidth returns the number of bytes behind c that hold a length.
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

// The library puts its own buffer around a reader that lacks one of Read, ReadByte and UnreadByte.

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
