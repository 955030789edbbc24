package codec

import (
	"encoding/json"
	"reflect"
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
// Inside a value the rules of encoding/json hold unchanged: unknown keys are skipped, a null leaves
// its field at zero, keys match field names in any case, and bytes that are not UTF-8 become
// U+FFFD.
type JSON[V any] struct{}

// Encode returns v as JSON. Values that JSON does not have (NaN, infinities, channels, functions,
// cycles) are errors.
func (JSON[V]) Encode(v V) ([]byte, error) {
	data, err := json.Marshal(operand(v))
	if err != nil {
		return nil, jsonEncodeError(err, reflect.TypeFor[V]())
	}
	return data, nil
}

// Decode reads one JSON value, which may stand between white space and has nothing else around it.
func (JSON[V]) Decode(data []byte) (V, error) {
	var v V
	if err := json.Unmarshal(data, &v); err != nil {
		var zero V
		return zero, jsonDecodeError(err, reflect.TypeFor[V]())
	}
	if isJSONNull(data) {
		if t := reflect.TypeFor[V](); !nilable(t) && !implements(t, jsonUnmarshalers) {
			var zero V
			return zero, &jsonError{"JSON null does not fit Go type " + t.String()}
		}
	}
	return v, nil
}

// SetField replaces the field that encoding/json calls name: the name in the json tag, else the Go
// name. The match is exact. Fields of embedded structs count as encoding/json promotes them; where
// two fields claim a name, neither has it. V is a struct or a pointer to one and does not marshal
// itself.
//
// A value fits if Go could assign it. These fit too:
//
//   - a number that the field holds exactly: an int 32 or a float64 32.0 into an int8, not 300 and
//     not 3.5; a fraction fits any float, rounded
//   - a value of another named type of the same kind: strings, bools, bytes
//   - a string for a type with UnmarshalText: RFC 3339 for time.Time
//   - what fits the pointee of a pointer field
//
// Slices, arrays and maps with string keys go element by element, so what came out of a JSON
// document fits too, json.Number included. A nil fits pointers, maps, slices and interfaces.
func (JSON[V]) SetField(v V, name string, value any) (V, error) {
	return setField(v, name, value, &jsonNaming)
}

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
