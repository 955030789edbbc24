package codec

import (
	"bytes"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// msgpackFormat is the format of the library. Its documents must have passed a msgpackReader.
type msgpackFormat struct{ jsonTags bool }

func (msgpackFormat) name() string { return "msgpack" }

func (msgpackFormat) valid(data []byte) error {
	if len(data) <= maxNesting {
		return nil
	}
	var r msgpackReader
	return r.reset(data)
}

func (f msgpackFormat) marshal(v any) ([]byte, error) { return f.append(nil, v) }

func (f msgpackFormat) unmarshal(data []byte, v any) error {
	_, err := f.decode(data, v, true)
	return err
}

func (msgpackFormat) encoders() []reflect.Type { return msgpackEncoderTypes }
func (msgpackFormat) decoders() []reflect.Type { return msgpackDecoderTypes }
func (msgpackFormat) self() []reflect.Type     { return msgpackSelf }

func (msgpackFormat) null() []byte           { return []byte{codeNil} }
func (msgpackFormat) isNil(data []byte) bool { return len(data) == 1 && data[0] == codeNil }

// clears: the library decodes a nil as a zero value.
func (msgpackFormat) clears(reflect.Type) bool { return true }

// number returns the text of a number.
func (msgpackFormat) number(data []byte) (string, bool) {
	if len(data) == 0 {
		return "", false
	}
	c, rest := data[0], data[1:]
	switch {
	case c < 0x80 || c >= 0xe0:
		return strconv.Itoa(int(int8(c))), true
	case len(rest) != int(payloads[c]) || len(rest) == 0:
		return "", false
	case c == codeFloat32:
		f := math.Float32frombits(uint32(natural(rest)))
		return strconv.FormatFloat(float64(f), 'f', -1, 32), true
	case c == codeFloat64:
		f := math.Float64frombits(natural(rest))
		return strconv.FormatFloat(f, 'f', -1, 64), true
	case c >= codeInt8:
		n := natural(rest)
		shift := 64 - 8*len(rest)
		return strconv.FormatInt(int64(n<<shift)>>shift, 10), true
	}
	return strconv.FormatUint(natural(rest), 10), true
}

func natural(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func (msgpackFormat) blank(data []byte) bool {
	switch data[0] {
	case 0xa0, codeFalse:
		return true
	case codeStr8, codeBin8:
		return len(data) == 2
	}
	return false
}

func (f msgpackFormat) key(v reflect.Value) ([]byte, bool) {
	ptr := reflect.New(v.Type())
	ptr.Elem().Set(v)
	key, err := f.marshal(ptr.Interface())
	return key, err == nil
}

func (f msgpackFormat) leavesOut(sf reflect.StructField) bool {
	name, _, _ := strings.Cut(f.tag(sf), ",")
	return name == "-"
}

// tag returns the tag of a field that is used: msgpack, or else json with JSONTags.
func (f msgpackFormat) tag(sf reflect.StructField) string {
	if text := sf.Tag.Get("msgpack"); text != "" || !f.jsonTags {
		return text
	}
	return sf.Tag.Get("json")
}

// pairsAsKey: keys have no address when they are written, so encoding methods of pointers do not
// count.
func (msgpackFormat) pairsAsKey(t reflect.Type) bool {
	return firstOf(t, msgpackEncoderTypes) == firstOf(reflect.PointerTo(t), msgpackDecoderTypes)
}

func (f msgpackFormat) readKey(m member, t reflect.Type) (reflect.Value, bool) {
	v := reflect.New(t)
	return v.Elem(), f.unmarshal(m.key, v.Interface()) == nil
}

// readsAny: an any decodes maps with text keys only, so only types without inner values are sure.
func (msgpackFormat) readsAny(s *shape) bool { return !s.self && shallow(s.typ) }

var msgpackTables, taggedTables tables

func (f msgpackFormat) tables() *tables {
	if f.jsonTags {
		return &taggedTables
	}
	return &msgpackTables
}

// endless: the library expands embedded structs, and does not stop at the same type.
func (msgpackFormat) endless(t reflect.Type) bool { return embedsItself(t, t, nil) }

// header returns the kind of a container, the number of its elements or entries, and the rest.
func header(data []byte) (kind byte, n int, rest []byte) {
	if len(data) == 0 {
		return 0, 0, nil
	}
	switch c := data[0]; {
	case c&0xf0 == 0x80:
		return codeMap16, int(c & 0x0f), data[1:]
	case c&0xf0 == 0x90:
		return codeArray16, int(c & 0x0f), data[1:]
	case c == codeMap16, c == codeMap32, c == codeArray16, c == codeArray32:
		width := lengthWidth(c)
		return c &^ 1, bigEndian(data[1 : 1+width]), data[1+width:]
	}
	return 0, 0, nil
}

// cut returns the first value of data, and the rest.
func (msgpackFormat) cut(data []byte) (value, rest []byte) {
	r := msgpackReader{data: data}
	end, err := r.values(0, len(data), 1, 0)
	if err != nil {
		return nil, nil
	}
	return data[:end:end], data[end:]
}

func (f msgpackFormat) members(data []byte) (all []member, ok bool) {
	kind, n, rest := header(data)
	if kind != codeMap16 {
		return nil, false
	}
	all = make([]member, n)
	for i := range all {
		m := &all[i]
		m.key, rest = f.cut(rest)
		m.value, rest = f.cut(rest)
		m.name = textOf(m.key)
	}
	return all, true
}

// textOf returns the text of a string or of bytes. Both can name a field. It returns nil for
// others.
func textOf(key []byte) []byte {
	switch c := key[0]; {
	case c&0xe0 == 0xa0:
		return key[1:]
	case c >= codeStr8 && c <= codeStr32, c >= codeBin8 && c <= codeBin32:
		return key[1+lengthWidth(c):]
	}
	return nil
}

func (f msgpackFormat) elements(data []byte) (all [][]byte, ok bool) {
	kind, n, rest := header(data)
	if kind != codeArray16 {
		return nil, false
	}
	all = make([][]byte, n)
	for i := range all {
		all[i], rest = f.cut(rest)
	}
	return all, true
}

func (msgpackFormat) object(all []member) []byte {
	size := 5
	for _, m := range all {
		size += len(m.key) + len(m.value)
	}
	out := appendHeader(make([]byte, 0, size), 0x80, codeMap16, len(all))
	for _, m := range all {
		out = append(append(out, m.key...), m.value...)
	}
	return out
}

func (msgpackFormat) list(all [][]byte) []byte {
	return append(appendHeader(nil, 0x90, codeArray16, len(all)), bytes.Join(all, nil)...)
}

func appendHeader(dst []byte, short, code byte, n int) []byte {
	switch {
	case n < 16:
		return append(dst, short|byte(n))
	case n <= math.MaxUint16:
		return append(dst, code, byte(n>>8), byte(n))
	}
	return append(dst, code+1, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// msgpackEncoder keeps the encoder of the library and its writer together.
type msgpackEncoder struct {
	enc *msgpack.Encoder
	out []byte
}

func (e *msgpackEncoder) Write(p []byte) (int, error) {
	e.out = append(e.out, p...)
	return len(p), nil
}

func (e *msgpackEncoder) WriteByte(c byte) error {
	e.out = append(e.out, c)
	return nil
}

// append appends the encoded v to dst.
func (f msgpackFormat) append(dst []byte, v any) (out []byte, err error) {
	e := msgpackEncoders.Get().(*msgpackEncoder)
	defer func() {
		if p := recover(); p != nil {
			out, err = dst, errPanicked
		}
	}()
	e.out = dst
	e.enc.Reset(e)
	if f.jsonTags {
		e.enc.SetCustomStructTag("json")
	}
	err = e.enc.Encode(v)
	out, e.out = e.out, nil
	msgpackEncoders.Put(e)
	if err != nil {
		return dst, err
	}
	return out, nil
}

var errInterned = &msgpackError{"data refers to strings at other places in it"}
