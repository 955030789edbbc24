package codec

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// MsgPack is the codec of github.com/vmihailenco/msgpack/v5: what msgpack.Marshal writes and
// msgpack.Unmarshal reads, with their struct tags and interfaces. The zero value is ready and it is
// safe for concurrent use. Encode adds no allocation to the library's; Decode makes one less.
//
// Decode is stricter than msgpack.Unmarshal. Bytes behind the value are an error, and so is a nil
// where V has no nil and does not unmarshal itself. Before the library sees the input, one pass
// over it (a twentieth of the decoding time) checks that every announced length is really there and
// that nesting stays within 10000 levels: the library believes a length of four bytes and reserves
// memory for it, and it recurses for each level. What a decoder of your own does with an
// extension's payload is out of that pass's sight. A panic of the library, which foreign input can
// cause (a number where the Go field is an error, a list as the key of a map[any]V), becomes an
// error.
//
// Inside a value the library's rules hold unchanged: unknown keys are skipped, a nil leaves its
// field at zero, and an integer too large for its field is cut to the field's size. A time keeps no
// zone, and in an any an int 5 comes back as an int8.
//
// Unlike msgpack.Unmarshal it does not start a goroutine for each type to allocate values ahead;
// the library still does that for embedded pointers to structs, and these goroutines never end.
type MsgPack[V any] struct{}

// Encode returns v as MessagePack. The order of a map's entries differs from call to call. Methods
// with a pointer receiver (EncodeMsgpack, MarshalText) count, as they do in Decode.
func (MsgPack[V]) Encode(v V) ([]byte, error) {
	t := reflect.TypeFor[V]()
	_, known := pointerEncoded.Load(t)
	var data []byte
	var err error
	if known {
		data, err = msgpack.Marshal(operand(v))
	} else if data, err = msgpack.Marshal(v); err != nil && isNonAddressable(err) {
		if data, err = msgpack.Marshal(operand(v)); err == nil {
			pointerEncoded.Store(t, nil)
		}
	}
	if err != nil {
		return nil, msgpackEncodeError(err, t)
	}
	return data, nil
}

// pointerEncoded has each V that the library encodes only behind a pointer. Others do better
// without: behind a pointer the library copies each time.Time and more before it writes it.
var pointerEncoded sync.Map

func isNonAddressable(err error) bool {
	return strings.HasPrefix(err.Error(), "msgpack: Encode(non-addressable ")
}

// Decode reads one value, with nothing behind it.
func (MsgPack[V]) Decode(data []byte) (v V, err error) {
	d := msgpackDecoders.Get().(*msgpackDecoder)
	if err := d.in.reset(data); err != nil {
		d.release()
		return v, err
	}
	defer func() {
		if p := recover(); p != nil {
			var zero V
			text := "data does not fit Go type %s (the decoder panicked with %T)"
			v, err = zero, &msgpackError{fmt.Sprintf(text, reflect.TypeFor[V](), p)}
		}
	}()
	var out V
	d.dec.Reset(&d.in)
	if err := d.dec.Decode(&out); err != nil {
		return v, msgpackDecodeError(err, d.in.pos, reflect.TypeFor[V]())
	}
	if d.in.pos != len(data) {
		return v, &msgpackError{fmt.Sprintf("more data behind the value at offset %d", d.in.pos)}
	}
	// Only now: the library may leave a decoder that failed in the middle of recording its input.
	d.release()
	if data[0] == codeNil && len(data) == 1 {
		if t := reflect.TypeFor[V](); !nilable(t) && !implements(t, msgpackDecoderTypes) {
			return v, &msgpackError{"nil does not fit Go type " + t.String()}
		}
	}
	return out, nil
}

// SetField replaces the field that MessagePack calls name: the name in the msgpack tag, its alias,
// else the Go name. The match is exact. Fields of embedded structs count as the library inlines
// them. V is a struct or a pointer to one and does not encode itself; types given an encoder by
// msgpack.Register cannot be told from others and must not be used here. Which values fit is
// described at JSON.SetField.
func (MsgPack[V]) SetField(v V, name string, value any) (V, error) {
	return setField(v, name, value, &msgpackNaming)
}

// msgpackDecoder keeps the library's decoder and its reader together, so that a call allocates
// neither.
type msgpackDecoder struct {
	dec *msgpack.Decoder
	in  msgpackReader
}

var msgpackDecoders = sync.Pool{New: func() any {
	return &msgpackDecoder{dec: msgpack.NewDecoder(nil)}
}}

func (d *msgpackDecoder) release() {
	d.in = msgpackReader{}
	msgpackDecoders.Put(d)
}

// msgpackError is an error in words of this package. It wraps nothing; the package comment says
// why.
type msgpackError struct{ text string }

func (e *msgpackError) Error() string { return "msgpack: " + e.text }

// msgpackDecodeError does not repeat the library's text: most of it is harmless, but "invalid
// code=5" shows the number 5, and errors of other packages come through unchanged. The part behind
// "decoding" is taken if it is a word the library is known to use.
func msgpackDecodeError(err error, offset int, t reflect.Type) error {
	text := err.Error()
	if strings.HasPrefix(text, "msgpack: ") {
		for _, want := range []string{
			"nil", "bool", "int64", "uint64", "float32", "array length", "map length",
			"string/bytes length", "interned string", "ext len",
		} {
			if strings.HasSuffix(text, " decoding "+want) {
				want, _, _ = strings.Cut(want, " ")
				want, _, _ = strings.Cut(want, "/")
				return &msgpackError{fmt.Sprintf("data does not fit Go type %s: no %s before "+
					"offset %d", t, want, offset)}
			}
		}
	}
	return &msgpackError{fmt.Sprintf("data does not fit Go type %s, seen at offset %d (%s)", t,
		offset, cause(err))}
}

func msgpackEncodeError(err error, t reflect.Type) error {
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "msgpack: Encode(unsupported "):
		return &msgpackError{fmt.Sprintf("Go type %s holds a type MessagePack has no form for", t)}
	case isNonAddressable(err):
		return &msgpackError{fmt.Sprintf("Go type %s holds a value whose encoding method needs "+
			"a pointer; store a pointer there", t)}
	}
	return &msgpackError{fmt.Sprintf("cannot encode Go type %s (%s)", t, cause(err))}
}
