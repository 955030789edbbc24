package codec

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// MsgPack is the codec of github.com/vmihailenco/msgpack/v5. It writes and reads the same as
// msgpack.Marshal and msgpack.Unmarshal, with their struct tags and interfaces. The zero value is
// ready, and safe for concurrent use. Encode adds no allocation to those of the library; Decode
// makes one less.
//
// Decode is stricter than msgpack.Unmarshal:
//
//   - Bytes behind the value are an error.
//   - A nil is an error if V has no nil and does not unmarshal itself.
//   - A length beyond the end of the input is an error. The library would reserve memory for it.
//   - Nesting of more than 10000 levels is an error. The library would recurse for each level.
//   - A panic of the library becomes an error. Foreign input can cause one: a number where the Go
//     field is an error, or a list as the key of a map[any]V.
//
// One pass over the input checks lengths and nesting before the library sees it. It takes a
// twentieth of the decoding time. It does not see what your own decoder does with the payload of an
// extension.
//
// Other bytes may be valid MessagePack: the JSON text 5 reads as the number 53. So use [Migrate] to
// change the codec of a cache.
//
// Inside a value the rules of the library hold. Among them are:
//
//   - Unknown keys are skipped, and a nil leaves its field at zero.
//   - A time keeps no zone. In an any, an int 5 comes back as an int8.
//   - A struct that is written as a list (as_array) cannot be read into one with more or fewer
//     fields.
//
// Two rules differ:
//
//   - An integer that does not fit its field is an error. The library would truncate it.
//   - An embedded pointer that is nil stays nil.
//
// Unlike msgpack.Unmarshal, it does not start a goroutine for each type that allocates values
// ahead. The library still does so for embedded pointers to structs, and these goroutines never
// end.
type MsgPack[V any] struct {
	// JSONTags uses the json tag of a field that has no msgpack tag. The default is the Go name.
	JSONTags bool

	// UTC decodes times in UTC, except keys of maps. The default is the local zone.
	UTC bool

	// Integers decodes a float without a fraction as an integer, also in an any. JavaScript writes
	// integers so. The default is an error for a float in an integer field.
	Integers bool
}

func (c MsgPack[V]) format() msgpackFormat { return msgpackFormat{jsonTags: c.JSONTags} }

// Encode returns v as MessagePack. The order of a map's entries differs from call to call. Methods
// with a pointer receiver (EncodeMsgpack, MarshalText) count, as they do in Decode. It returns an
// error for a cycle, for nesting of more than 10000 levels, and for a value in an interface that
// would not decode.
func (c MsgPack[V]) Encode(v V) ([]byte, error) {
	buf := buffers.Get().(*[]byte)
	data, err := c.Append((*buf)[:0], v)
	if err != nil {
		return nil, err
	}
	defer release(buf, data)
	return bytes.Clone(data), nil
}

// Append implements [Appender].
func (c MsgPack[V]) Append(dst []byte, v V) ([]byte, error) {
	t := reflect.TypeFor[V]()
	facts := c.format().factsOf(t)
	if facts.err != nil {
		return dst, facts.err
	}
	w := walk{docs: docs{c.format()}}
	shape := w.shapeOf(t)
	if shape.deep && w.holds(shape, reflect.ValueOf(&v).Elem()) {
		return dst, &msgpackError{fmt.Sprintf("%s "+heldText, shape.typ, maxNesting)}
	}
	_, known := pointerEncoded.Load(t)
	var first any
	if known {
		first = operand(v)
	} else {
		first = v
	}
	out, err := c.format().append(dst, first)
	if err != nil && !known && isNonAddressable(err) {
		if out, err = c.format().append(dst, operand(v)); err == nil {
			pointerEncoded.Store(t, nil)
		}
	}
	if err != nil {
		return dst, msgpackEncodeError(err, t)
	}
	if err := w.readable(shape, out[len(dst):], c.reads); err != nil {
		return dst, err
	}
	return out, nil
}

// reads reports whether data decodes.
func (c MsgPack[V]) reads(data []byte) error {
	_, err := c.Decode(data)
	return err
}

// pointerEncoded has each V that the library encodes only behind a pointer. Other types are faster
// without: behind a pointer the library copies each time.Time, and more, before it writes it.
var pointerEncoded sync.Map

func isNonAddressable(err error) bool {
	return strings.HasPrefix(err.Error(), "msgpack: Encode(non-addressable ")
}

// Decode reads one value. Bytes behind it are an error.
func (c MsgPack[V]) Decode(data []byte) (V, error) {
	v, _, err := c.read(data)
	return v, err
}

// read decodes a value, and returns what the scan saw.
func (c MsgPack[V]) read(data []byte) (v V, seen msgpackSeen, err error) {
	var zero V
	f, t := c.format(), reflect.TypeFor[V]()
	facts := f.factsOf(t)
	if facts.err != nil {
		return zero, seen, facts.err
	}
	if c.Integers {
		data = integral(data)
	}
	if seen, err = f.decode(data, &v, false); err != nil {
		return zero, seen, err
	}
	if facts.narrow.misses(seen.widest) {
		if path, found := facts.misfit(data); found {
			return zero, seen, integerMisfit(path, t)
		}
	}
	if facts.embeds {
		facts.dropEmbedded(f, data, reflect.ValueOf(&v).Elem())
	}
	if c.UTC {
		toUTC(reflect.ValueOf(&v).Elem())
	}
	if len(data) == 1 && data[0] == codeNil && !nilable(t) && !implements(t, msgpackDecoderTypes) {
		return zero, seen, &msgpackError{"nil does not fit Go type " + t.String()}
	}
	return v, seen, nil
}

// decode decodes data into the value that v points to.
func (f msgpackFormat) decode(data []byte, v any, strict bool) (seen msgpackSeen, err error) {
	t := reflect.TypeOf(v).Elem()
	d := msgpackDecoders.Get().(*msgpackDecoder)
	if err := d.in.reset(data); err != nil {
		d.release()
		return seen, err
	}
	seen = d.in.msgpackSeen
	defer func() {
		if p := recover(); p != nil {
			text := "data does not fit Go type %s (the decoder panicked with %T)"
			err = &msgpackError{fmt.Sprintf(text, t, p)}
		}
	}()
	d.dec.Reset(&d.in)
	d.dec.DisallowUnknownFields(strict)
	if f.jsonTags {
		d.dec.SetCustomStructTag("json")
	}
	if err := d.dec.Decode(v); err != nil {
		return seen, msgpackDecodeError(err, d.in.pos, t)
	}
	if d.in.pos != len(data) {
		return seen, &msgpackError{fmt.Sprintf("more data behind the value at offset %d",
			d.in.pos)}
	}
	// Only after a success: a decoder that failed may still be recording its input.
	d.release()
	return seen, nil
}

// SetFields implements [FieldSetter]. The name of a field is its msgpack tag, an alias, or else its
// Go name. Fields of embedded structs have the names to which the library inlines them. Do not use
// it with types that have an encoder from msgpack.Register, since they look like other types.
// [JSON.SetFields] says which values fit.
func (c MsgPack[V]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	_, seen, err := c.read(data)
	switch {
	case err != nil:
		return nil, err
	case seen.interned:
		return nil, errInterned
	case seen.values > 1: // a type that encodes itself may write several
		return nil, &msgpackError{"more data behind the value"}
	}
	return setFields(reflect.TypeFor[V](), c.format(), data, fields)
}

// Check implements [Checker].
func (c MsgPack[V]) Check() error {
	t := reflect.TypeFor[V]()
	if err := c.format().factsOf(t).err; err != nil {
		return err
	}
	return docs{c.format()}.check(t)
}

// Unframed returns true: no encoded value begins with 0xC1, the first byte of the frames of package
// compress.
func (MsgPack[V]) Unframed() bool { return true }

var msgpackEncoders = sync.Pool{New: func() any {
	return &msgpackEncoder{enc: msgpack.NewEncoder(nil)}
}}

// msgpackDecoder keeps the decoder of the library and its reader together, so that a call allocates
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

// msgpackError is an error with a text of this package. It wraps nothing; the package comment says
// why.
type msgpackError struct{ text string }

func (e *msgpackError) Error() string { return "msgpack: " + e.text }

// msgpackDecodeError does not repeat the text of the library. Most of it is harmless, but "invalid
// code=5" shows the number 5, and errors of other packages are in it unchanged. It takes the part
// behind "decoding" if it is a word that the library uses.
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

func integerMisfit(path string, t reflect.Type) error {
	if path == "" {
		return &msgpackError{"an integer does not fit Go type " + t.String()}
	}
	return &msgpackError{fmt.Sprintf("an integer does not fit field %q of Go type %s", path, t)}
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
