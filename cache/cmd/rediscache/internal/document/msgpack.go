package document

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/activettl/rediscache/codec"
)

// msgpackJSON returns a MessagePack value as JSON:
//   - Maps keep their order. Keys that are not text become text.
//   - Bytes become base64, and times become RFC 3339.
//   - Floats that JSON does not have become text.
//   - Other extensions become {"extension": type, "base64": bytes}.
func msgpackJSON(data []byte) ([]byte, error) {
	// The codec checks the lengths and the nesting before it decodes anything.
	v, err := codec.MsgPack[asJSON]{}.Decode(data)
	return v.text, err
}

// asJSON decodes MessagePack to JSON.
type asJSON struct{ text []byte }

// DecodeMsgpack implements msgpack.CustomDecoder.
func (a *asJSON) DecodeMsgpack(d *msgpack.Decoder) (err error) {
	a.text, err = appendValue(nil, d)
	return err
}

// EncodeMsgpack implements msgpack.CustomEncoder, which the codec requires. It always fails.
func (a *asJSON) EncodeMsgpack(*msgpack.Encoder) error { return errors.ErrUnsupported }

func appendValue(dst []byte, d *msgpack.Decoder) ([]byte, error) {
	c, err := d.PeekCode()
	if err != nil {
		return dst, err
	}
	switch {
	case msgpcode.IsFixedMap(c), c == msgpcode.Map16, c == msgpcode.Map32:
		return appendMap(dst, d)
	case msgpcode.IsFixedArray(c), c == msgpcode.Array16, c == msgpcode.Array32:
		return appendList(dst, d)
	case msgpcode.IsString(c):
		text, err := d.DecodeString()
		return appendText(dst, text), err
	case msgpcode.IsBin(c):
		b, err := d.DecodeBytes()
		return appendText(dst, base64.StdEncoding.EncodeToString(b)), err
	case msgpcode.IsExt(c):
		return appendExtension(dst, d)
	}
	switch c {
	case msgpcode.Nil:
		return append(dst, "null"...), d.DecodeNil()
	case msgpcode.True, msgpcode.False:
		b, err := d.DecodeBool()
		return strconv.AppendBool(dst, b), err
	case msgpcode.Float:
		f, err := d.DecodeFloat32()
		return appendFloat(dst, float64(f), 32), err
	case msgpcode.Double:
		f, err := d.DecodeFloat64()
		return appendFloat(dst, f, 64), err
	case msgpcode.Uint64:
		n, err := d.DecodeUint64()
		return strconv.AppendUint(dst, n, 10), err
	}
	n, err := d.DecodeInt64()
	return strconv.AppendInt(dst, n, 10), err
}

func appendMap(dst []byte, d *msgpack.Decoder) ([]byte, error) {
	n, err := d.DecodeMapLen()
	dst = append(dst, '{')
	for i := 0; i < n && err == nil; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		var key []byte
		if key, err = appendValue(nil, d); err != nil {
			break
		}
		if key[0] != '"' {
			key = appendText(nil, string(key))
		}
		dst, err = appendValue(append(append(dst, key...), ':'), d)
	}
	return append(dst, '}'), err
}

func appendList(dst []byte, d *msgpack.Decoder) ([]byte, error) {
	n, err := d.DecodeArrayLen()
	dst = append(dst, '[')
	for i := 0; i < n && err == nil; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, err = appendValue(dst, d)
	}
	return append(dst, ']'), err
}

// timeExtension is the extension type of MessagePack's timestamps.
const timeExtension = -1

func appendExtension(dst []byte, d *msgpack.Decoder) ([]byte, error) {
	id, n, err := d.DecodeExtHeader()
	if err != nil {
		return dst, err
	}
	data := make([]byte, n)
	if err := d.ReadFull(data); err != nil {
		return dst, err
	}
	if t, ok := timestamp(data); id == timeExtension && ok {
		return t.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano+`"`), nil
	}
	dst = strconv.AppendInt(append(dst, `{"extension":`...), int64(id), 10)
	dst = appendText(append(dst, `,"base64":`...), base64.StdEncoding.EncodeToString(data))
	return append(dst, '}'), nil
}

func timestamp(data []byte) (time.Time, bool) {
	switch len(data) {
	case 4:
		return time.Unix(int64(binary.BigEndian.Uint32(data)), 0), true
	case 8:
		n := binary.BigEndian.Uint64(data)
		return time.Unix(int64(n&(1<<34-1)), int64(n>>34)), true
	case 12:
		seconds := int64(binary.BigEndian.Uint64(data[4:]))
		return time.Unix(seconds, int64(binary.BigEndian.Uint32(data))), true
	}
	return time.Time{}, false
}

func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendText(dst, strconv.FormatFloat(f, 'g', -1, bits))
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

// appendText appends a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendText(dst []byte, text string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(strings.ToValidUTF8(text, "\ufffd")) // a string can always be encoded
	return append(dst, strings.TrimSuffix(b.String(), "\n")...)
}
