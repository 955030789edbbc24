package codec

import (
	"bytes"
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
// MessagePack does not show that other bytes are none: the text 5 of a JSON document is the number
// 53. To change the codec of a cache, use [Migrate].
//
// Inside a value the library's rules hold: unknown keys are skipped, and a nil leaves its field at
// zero. A time keeps no zone, and in an any an int 5 comes back as an int8. An integer that does
// not fit its field is an error, which the library would cut. An embedded pointer that is nil stays
// nil. A struct that is written as a list (as_array) cannot be read by one with more or fewer
// fields.
//
// Unlike msgpack.Unmarshal it does not start a goroutine for each type to allocate values ahead;
// the library still does that for embedded pointers to structs, and these goroutines never end.
type MsgPack[V any] struct {
	// JSONTags names the fields that have no msgpack tag by their json tags.
	JSONTags bool

	// UTC decodes times in UTC, but for keys of maps. Otherwise they are in the local zone.
	UTC bool

	// Integers decodes a float that is an integer as one, as JavaScript writes numbers, in an any
	// too. Otherwise a float does not fit an integer field.
	Integers bool
}

func (c MsgPack[V]) format() msgpackFormat { return msgpackFormat{jsonTags: c.JSONTags} }

// Encode returns v as MessagePack. The order of a map's entries differs from call to call. Methods
// with a pointer receiver (EncodeMsgpack, MarshalText) count, as they do in Decode. A cycle,
// nesting of more than 10000 levels, and what is in an interface and would not decode, are errors.
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

// pointerEncoded has each V that the library encodes only behind a pointer. Others do better
// without: behind a pointer the library copies each time.Time and more before it writes it.
var pointerEncoded sync.Map

func isNonAddressable(err error) bool {
	return strings.HasPrefix(err.Error(), "msgpack: Encode(non-addressable ")
}

// Decode reads one value, with nothing behind it.
func (c MsgPack[V]) Decode(data []byte) (V, error) {
	v, _, err := c.read(data)
	return v, err
}

// read decodes a value, and returns what else the data has shown.
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

// decode decodes data into what v points to.
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
	// Only now: the library may leave a decoder that failed in the middle of recording its input.
	d.release()
	return seen, nil
}

// SetFields implements [FieldSetter]. A field is named as MessagePack calls it: by the msgpack tag,
// an alias, or else the Go name, and fields of embedded structs as the library inlines them. Types
// given an encoder by msgpack.Register cannot be told from others and must not be used here. Which
// values fit is described at JSON.SetFields.
func (c MsgPack[V]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	_, seen, err := c.read(data)
	switch {
	case err != nil:
		return nil, err
	case seen.interned:
		return nil, errInterned
	case seen.values > 1: // of a type that encodes itself so
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

// Unframed says that no value begins with the byte 0xC1, which frames of package compress do.
func (MsgPack[V]) Unframed() bool { return true }

var msgpackEncoders = sync.Pool{New: func() any {
	return &msgpackEncoder{enc: msgpack.NewEncoder(nil)}
}}

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
