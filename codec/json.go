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

// JSON is the codec of encoding/json: what json.Marshal writes and json.Unmarshal reads, struct
// tags, Marshaler, TextMarshaler and all. The zero value is ready and it is safe for concurrent
// use. It adds no allocation to those two calls. Nesting is limited to 10000 levels, by
// encoding/json.
//
// It differs from them in three points. A null is an error where V has no nil and does not
// unmarshal itself: json.Unmarshal leaves a zero value there and says nothing. Methods with a
// pointer receiver count when encoding, as in json.Marshal(&v). And no error quotes the value; see
// the package comment.
//
// Inside a value the rules of encoding/json hold unchanged: unknown keys are skipped unless Strict
// is set, a null leaves its field at zero, keys match field names in any case, and bytes that are
// not UTF-8 become U+FFFD.
type JSON[V any] struct {
	// Strict refuses keys that V has no field for.
	Strict bool

	// UseNumber decodes numbers in an any as json.Number, which loses no digit.
	UseNumber bool
}

// Encode returns v as JSON. Values that JSON does not have (NaN, infinities, channels, functions,
// cycles) are errors, and so is what would not decode: nesting of more than 10000 levels.
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

// look looks at a value before it is encoded.
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
	data = data[:len(data)-1] // without the line end
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

// jsonPanicked makes a panic of a method of the type an error.
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

// Decode reads one JSON value, which may stand between white space and has nothing else around it.
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

// unknownKey is how encoding/json begins to say that there is no field.
const unknownKey = "json: unknown field "

// SetFields implements [FieldSetter]. A field is named as encoding/json calls it: by its json tag,
// else by its Go name, and fields of embedded structs as encoding/json promotes them. The names of
// map keys are those of the document. A type that marshals itself has no fields.
//
// A value fits if Go can assign it to the field, or a pointer to it, or if JSON can carry it there
// without a loss: an int 32 or a float64 32.0 fits an int8, 300 and 3.5 do not. So what came out of
// a JSON document fits wherever the document would: objects into structs, RFC 3339 into time.Time,
// base64 into bytes. A fraction fits any float, rounded. A nil fits pointers, maps, slices,
// interfaces, and types that have a null, such as sql.NullString.
func (c JSON[V]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	if _, err := c.Decode(data); err != nil {
		return nil, err
	}
	return setFields(reflect.TypeFor[V](), jsonFormat{useNumber: c.UseNumber}, data, fields)
}

// Check implements [Checker].
func (JSON[V]) Check() error { return docs{jsonFormat{}}.check(reflect.TypeFor[V]()) }

// Unframed says that no value begins with the byte 0xC1, which frames of package compress do.
func (JSON[V]) Unframed() bool { return true }

// isJSONNull expects valid JSON, so the first letter decides.
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
