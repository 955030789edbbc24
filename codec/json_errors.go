package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// jsonError is an error with a text of this package. It wraps nothing; the package comment says
// why.
type jsonError struct{ text string }

func (e *jsonError) Error() string { return "json: " + e.text }

// The type switches below look at err itself and not at its chain. An error of a type's method may
// wrap one of encoding/json, and its text may still quote the value.

func jsonDecodeError(err error, t reflect.Type) error {
	switch e := err.(type) {
	case *jsonError:
		return e
	case *json.SyntaxError:
		return &jsonError{fmt.Sprintf("invalid JSON at offset %d", e.Offset)}
	case *json.UnmarshalTypeError:
		return &jsonError{typeErrorText(e, t)}
	}
	return &jsonError{fmt.Sprintf("cannot decode into Go type %s (%s)", t, cause(err))}
}

func typeErrorText(e *json.UnmarshalTypeError, t reflect.Type) string {
	field := ""
	if path := fieldPath(t, e.Field); path != "" {
		field = fmt.Sprintf(" field %q of", path)
	}
	if e.Type != nil {
		t = e.Type
	}
	return fmt.Sprintf("JSON %s does not fit%s Go type %s", jsonKind(e.Value), field, t)
}

// jsonKind returns the first word of a description like "number 300", if it is a kind of JSON.
func jsonKind(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "number", "string", "bool", "object", "array", "null":
		return kind
	}
	return "value"
}

// fieldPath returns the part of a path that names fields of t. The path is from an error of
// encoding/json. From Go 1.27 on, it also has indices, and keys of maps, which belong to the value.
func fieldPath(t reflect.Type, path string) string {
	var names []string
	for range 1000 { // a type may be a list of itself
		if path == "" {
			break
		}
		switch t = pointee(t); t.Kind() {
		case reflect.Slice, reflect.Array:
			if digits, rest, _ := strings.Cut(path, "."); isIndex(digits) {
				path = rest
			}
			t = t.Elem()
			continue
		case reflect.Struct:
		default:
			return strings.Join(names, ".")
		}
		f, rest := fieldIn(jsonFormat{}.fields(t), path)
		if f == nil {
			if _, rest, found := strings.Cut(path, "."); found { // an embedded struct
				path = rest
				continue
			}
			break
		}
		names = append(names, f.names[0])
		t, path = f.typ, rest
	}
	return strings.Join(names, ".")
}

func isIndex(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// fieldIn returns the field with the longest name with which a path begins, and the rest of the
// path.
func fieldIn(fields *structFields, path string) (f *structField, rest string) {
	for n := len(path); n > 0; n = strings.LastIndexByte(path[:n], '.') {
		if f = fields.named[path[:n]]; f != nil {
			return f, strings.TrimPrefix(path[n:], ".")
		}
	}
	return nil, ""
}

func jsonEncodeError(err error, t reflect.Type) error {
	switch e := err.(type) {
	case *json.UnsupportedTypeError:
		return &jsonError{fmt.Sprintf("JSON has no form for Go type %s", e.Type)}
	case *json.UnsupportedValueError:
		if strings.Contains(e.Str, "tag option") { // from Go 1.27 on
			return &jsonError{fmt.Sprintf("a field of Go type %s has a tag with an option that "+
				"encoding/json does not have", t)}
		}
		return &jsonError{fmt.Sprintf("%s holds a value JSON does not have: NaN, an infinity or "+
			"a cycle", t)}
	case *json.MarshalerError:
		return &jsonError{fmt.Sprintf("Go type %s failed to marshal itself (%s)", e.Type,
			cause(e.Err))}
	}
	return &jsonError{fmt.Sprintf("cannot encode Go type %s (%s)", t, cause(err))}
}
