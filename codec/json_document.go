package codec

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// jsonFormat is the format of encoding/json. Its documents must be valid JSON.
type jsonFormat struct{ useNumber bool }

func (jsonFormat) name() string { return "json" }

func (jsonFormat) valid(data []byte) error {
	if len(data) > maxNesting && nesting(data) > maxNesting {
		return errJSONDeep
	}
	return nil
}

func (jsonFormat) marshal(v any) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errPanicked
		}
	}()
	return json.Marshal(v)
}

var errJSONDeep = &jsonError{fmt.Sprintf(deepText, maxNesting)}

var errPanicked = errors.New("a method of the type panicked")

func (f jsonFormat) unmarshal(data []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errPanicked
		}
	}()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if f.useNumber {
		d.UseNumber()
	}
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err = d.Token(); err != io.EOF {
		return errors.New("more data behind the value")
	}
	return nil
}

var (
	jsonEncoderTypes = []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	}
	jsonDecoderTypes = []reflect.Type{
		reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

var jsonSelf = slices.Concat(jsonEncoderTypes, jsonDecoderTypes)

func (jsonFormat) encoders() []reflect.Type { return jsonEncoderTypes }
func (jsonFormat) decoders() []reflect.Type { return jsonDecoderTypes }
func (jsonFormat) self() []reflect.Type     { return jsonSelf }

func (jsonFormat) null() []byte           { return []byte("null") }
func (jsonFormat) isNil(data []byte) bool { return first(data) == 'n' }

func (jsonFormat) number(data []byte) (string, bool) {
	c := first(data)
	return string(trimJSON(data)), c == '-' || c >= '0' && c <= '9'
}

func (jsonFormat) blank(data []byte) bool {
	text := trimJSON(data)
	return string(text) == `""` || string(text) == "false"
}

// clears: json.Unmarshal ignores a null where the type has no nil.
func (jsonFormat) clears(t reflect.Type) bool { return nilable(t) }

func (f jsonFormat) key(v reflect.Value) ([]byte, bool) {
	if v.Kind() == reflect.String && !implements(v.Type(), jsonSelf) {
		key, err := json.Marshal(v.String())
		return key, err == nil
	}
	one := reflect.MakeMap(reflect.MapOf(v.Type(), reflect.TypeFor[bool]()))
	one.SetMapIndex(v, reflect.ValueOf(true))
	data, err := f.marshal(one.Interface())
	if err != nil {
		return nil, false
	}
	all, _ := f.members(data)
	return all[0].key, true
}

func (jsonFormat) leavesOut(sf reflect.StructField) bool { return sf.Tag.Get("json") == "-" }

// pairsAsKey: texts are written as they are, and read with UnmarshalText. Other types must have
// both methods or none. Methods of a pointer to the key do not count when it is written.
func (jsonFormat) pairsAsKey(t reflect.Type) bool {
	text := reflect.TypeFor[encoding.TextMarshaler]()
	reads := reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	if t.Kind() == reflect.String {
		return !reads && !t.Implements(text)
	}
	return t.Implements(text) == reads
}

func (f jsonFormat) readKey(m member, t reflect.Type) (reflect.Value, bool) {
	return docs{f}.parseKey(string(m.name), t)
}

// readsAny: an any decodes everything except numbers that no float64 holds. Types that encode
// themselves may write such numbers.
func (jsonFormat) readsAny(s *shape) bool { return !s.self }

var jsonTables tables

func (jsonFormat) tables() *tables { return &jsonTables }

// endless: encoding/json omits an embedded struct of the same type.
func (jsonFormat) endless(reflect.Type) bool { return false }

// members reads an object such as {"a": 1, "b": 2}.
func (f jsonFormat) members(data []byte) (all []member, ok bool) {
	if first(data) != '{' {
		return nil, false
	}
	all = make([]member, 0, min(32, len(data)/8)) // an estimate
	for rest := data[bytes.IndexByte(data, '{')+1:]; ; {
		rest = trimJSON(rest)
		if rest = bytes.TrimPrefix(rest, []byte{','}); first(rest) == '}' {
			return all, true
		}
		var m member
		m.key, rest = cutJSON(rest)
		rest = bytes.TrimPrefix(trimJSON(rest), []byte{':'})
		m.value, rest = cutJSON(rest)
		if len(m.key) < 2 || len(m.value) == 0 {
			return nil, false
		}
		m.name = unquote(m.key)
		all = append(all, m)
	}
}

// unquote returns the text of a string.
func unquote(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	for _, c := range inner {
		if c == '\\' || c >= 0x80 {
			var text string
			_ = json.Unmarshal(quoted, &text)
			return []byte(text)
		}
	}
	return inner
}

func (jsonFormat) object(all []member) []byte {
	size := 2
	for _, m := range all {
		size += len(m.key) + len(m.value) + 2
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, m.key...), ':'), m.value...)
	}
	return append(out, '}')
}

// elements reads a list such as [1, 2].
func (jsonFormat) elements(data []byte) (all [][]byte, ok bool) {
	if first(data) != '[' {
		return nil, false
	}
	for rest := data[bytes.IndexByte(data, '[')+1:]; ; {
		rest = trimJSON(rest)
		if rest = bytes.TrimPrefix(rest, []byte{','}); first(rest) == ']' {
			return all, true
		}
		var value []byte
		if value, rest = cutJSON(rest); len(value) == 0 {
			return nil, false
		}
		if len(all) == cap(all) {
			all = slices.Grow(all, len(all)+8) // keeps the memory for a list of zeros small
		}
		all = append(all, value)
	}
}

func (jsonFormat) list(all [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(all, []byte{','})...), ']')
}

func trimJSON(data []byte) []byte { return bytes.Trim(data, " \t\r\n") }

// first returns the first byte that is no white space, or 0.
func first(data []byte) byte {
	for _, c := range data {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// cutJSON returns the first value of valid JSON, and the rest.
func cutJSON(data []byte) (value, rest []byte) {
	start := 0
	for start < len(data) && strings.IndexByte(" \t\r\n", data[start]) >= 0 {
		start++
	}
	depth := 0
	for i := start; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return cutAt(data, start, i+1)
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return cutAt(data, start, i+1)
			}
			if depth < 0 { // the end of the outer value
				return cutAt(data, start, i)
			}
		case ',', ' ', '\t', '\r', '\n', ':':
			if depth == 0 {
				return cutAt(data, start, i)
			}
		}
	}
	return cutAt(data, start, len(data))
}

func cutAt(data []byte, start, end int) (value, rest []byte) {
	end = min(end, len(data))
	return data[start:end:end], data[end:]
}
