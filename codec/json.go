package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
)

// JSON is the codec of encoding/json. It writes and reads the same as json.Marshal and
// json.Unmarshal, with struct tags, Marshaler, TextMarshaler and the rest. The zero value is ready,
// and safe for concurrent use. JSON adds no allocation to those two calls. encoding/json limits
// nesting to 10000 levels.
//
// It differs from them in three points:
//
//   - A null is an error if V has no nil and does not unmarshal itself. json.Unmarshal would return
//     a zero value and no error.
//   - Methods with a pointer receiver count when encoding, as in json.Marshal(&v).
//   - No error quotes the value; see the package comment.
//
// Inside a value the rules of encoding/json hold unchanged:
//
//   - Unknown keys are skipped, unless Strict is set.
//   - A null leaves its field at zero.
//   - Keys match field names in any case.
//   - Bytes that are not UTF-8 become U+FFFD.
type JSON[V any] struct {
	// Strict makes a key without a field in V an error of Decode. The default is to skip it.
	Strict bool

	// UseNumber decodes numbers in an any as json.Number, which loses no digit. The default is
	// float64, which is exact for integers up to 2^53 only.
	UseNumber bool
}

// Encode returns v as JSON. It returns an error for values that JSON does not have: NaN,
// infinities, channels, functions and cycles. It also returns one for values that would not decode,
// such as nesting of more than 10000 levels.
func (c JSON[V]) Encode(v V) (data []byte, err error) {
	defer jsonPanicked[V](&data, nil, &err)
	first := operand(v)
	w := walk{docs: docs{jsonFormat{}}}
	shape, err := c.look(&w, first)
	if err != nil {
		return nil, err
	}
	if data, err = json.Marshal(first); err != nil {
		return nil, jsonEncodeError(err, reflect.TypeFor[V]())
	}
	if err := w.readable(shape, data, c.reads); err != nil {
		return nil, err
	}
	return data, nil
}

// look returns the shape of V, and an error if v holds itself or nests too deep.
func (c JSON[V]) look(w *walk, v any) (*shape, error) {
	s := w.shapeOf(reflect.TypeFor[V]())
	if !s.deep || v == nil {
		return s, nil
	}
	held := false
	switch at := v.(type) {
	case map[string]any, []any:
		held = w.plainTooDeep(at, 0)
	default:
		if s.typ.Kind() == reflect.Interface {
			held = w.plainTooDeep(v, 0)
		} else {
			held = w.tooDeep(s, reflect.ValueOf(v), 0)
		}
	}
	if held {
		return nil, &jsonError{fmt.Sprintf("%s "+heldText, s.typ, maxNesting)}
	}
	return s, nil
}

// reads reports whether data decodes.
func (c JSON[V]) reads(data []byte) error {
	_, err := c.Decode(data)
	return err
}

// Append implements [Appender].
func (c JSON[V]) Append(dst []byte, v V) (data []byte, err error) {
	defer jsonPanicked[V](&data, dst, &err)
	first := operand(v)
	w := walk{docs: docs{jsonFormat{}}}
	shape, err := c.look(&w, first)
	if err != nil {
		return dst, err
	}
	e := jsonEncoders.Get().(*jsonEncoder)
	e.out = dst
	err = e.enc.Encode(first)
	data, e.out = e.out, nil
	if err != nil {
		return dst, jsonEncodeError(err, reflect.TypeFor[V]())
	}
	jsonEncoders.Put(e)
	data = data[:len(data)-1] // without the final newline
	if err := w.readable(shape, data[len(dst):], c.reads); err != nil {
		return dst, err
	}
	return data, nil
}

// jsonEncoder is an encoder with the buffer that it writes to.
type jsonEncoder struct {
	enc *json.Encoder
	out []byte
}

var jsonEncoders = sync.Pool{New: func() any {
	e := &jsonEncoder{}
	e.enc = json.NewEncoder(e)
	return e
}}

func (e *jsonEncoder) Write(p []byte) (int, error) {
	e.out = append(e.out, p...)
	return len(p), nil
}

// jsonPanicked turns a panic of a method of the type into an error.
func jsonPanicked[V any](data *[]byte, none []byte, err *error) {
	if p := recover(); p != nil {
		*data, *err = none, &jsonError{fmt.Sprintf("cannot encode Go type %s (a method panicked "+
			"with %T)", reflect.TypeFor[V](), p)}
	}
}

// nesting returns how deep JSON nests.
func nesting(data []byte) (deepest int) {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}

// Decode reads one JSON value. White space may surround it; anything else is an error.
func (c JSON[V]) Decode(data []byte) (v V, err error) {
	var zero V
	defer func() {
		if p := recover(); p != nil {
			v, err = zero, &jsonError{fmt.Sprintf("cannot decode into Go type %s (a method "+
				"panicked with %T)", reflect.TypeFor[V](), p)}
		}
	}()
	if err := c.unmarshal(data, &v); err != nil {
		return zero, jsonDecodeError(err, reflect.TypeFor[V]())
	}
	if isJSONNull(data) {
		if t := reflect.TypeFor[V](); !nilable(t) && !implements(t, jsonUnmarshalers) {
			return zero, &jsonError{"JSON null does not fit Go type " + t.String()}
		}
	}
	return v, nil
}

func (c JSON[V]) unmarshal(data []byte, v *V) error {
	if !c.Strict && !c.UseNumber {
		return json.Unmarshal(data, v)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if c.Strict {
		d.DisallowUnknownFields()
	}
	if c.UseNumber {
		d.UseNumber()
	}
	if err := d.Decode(v); err != nil {
		if strings.HasPrefix(err.Error(), unknownKey) {
			return &jsonError{fmt.Sprintf("a key that Go type %s has no field for, before offset "+
				"%d", reflect.TypeFor[V](), d.InputOffset())}
		}
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return &jsonError{fmt.Sprintf("more data behind the value at offset %d", d.InputOffset())}
	}
	return nil
}

// unknownKey is how the error of encoding/json for an unknown field begins.
const unknownKey = "json: unknown field "

// SetFields implements [FieldSetter]. The name of a field is its json tag, or else its Go name.
// Fields of embedded structs have the names to which encoding/json promotes them. The names of map
// keys are those of the document. A type that marshals itself has no fields.
//
// A value fits in one of these cases:
//
//   - Go can assign the value, or a pointer to it, to the field.
//   - JSON can carry it there without a loss: an int 32 or a float64 32.0 fits an int8; 300 and 3.5
//     do not. So values from a JSON document fit wherever the document would: objects into structs,
//     RFC 3339 into time.Time, base64 into bytes.
//   - It is a fraction, and the field is a float. The fraction is rounded.
//   - It is nil, and the field is a pointer, a map, a slice, an interface, or a type with a null
//     such as sql.NullString.
func (c JSON[V]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	if _, err := c.Decode(data); err != nil {
		return nil, err
	}
	return setFields(reflect.TypeFor[V](), jsonFormat{useNumber: c.UseNumber}, data, fields)
}

// Check implements [Checker].
func (JSON[V]) Check() error { return docs{jsonFormat{}}.check(reflect.TypeFor[V]()) }

// Unframed returns true: no encoded value begins with 0xC1, the first byte of the frames of package
// compress.
func (JSON[V]) Unframed() bool { return true }

// isJSONNull expects valid JSON, so the first letter is enough.
func isJSONNull(data []byte) bool {
	for _, c := range data {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == 'n'
		}
	}
	return false
}

// Types with UnmarshalText alone are not here: encoding/json does not call it for a null.
var jsonUnmarshalers = []reflect.Type{reflect.TypeFor[json.Unmarshaler]()}
