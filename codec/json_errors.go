package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// jsonError is an error in words of this package. It wraps nothing; the package comment says why.
type jsonError struct{ text string }

func (e *jsonError) Error() string { return "json: " + e.text }

// The type switches below look at err itself and not along its chain: an error that a type's own
// method returned may wrap one of encoding/json's and still say anything.

func jsonDecodeError(err error, t reflect.Type) error {
	switch e := err.(type) {
	case *json.SyntaxError:
		return &jsonError{fmt.Sprintf("invalid JSON at offset %d", e.Offset)}
	case *json.UnmarshalTypeError:
		return &jsonError{typeErrorText(e, t)}
	}
	return &jsonError{fmt.Sprintf("cannot decode into Go type %s (%s)", t, cause(err))}
}

func typeErrorText(e *json.UnmarshalTypeError, t reflect.Type) string {
	if e.Type != nil {
		t = e.Type
	}
	field := ""
	if e.Field != "" && !pathsHoldKeys() {
		field = fmt.Sprintf(" field %q of", e.Field)
	}
	return fmt.Sprintf("JSON %s does not fit%s Go type %s", jsonKind(e.Value), field, t)
}

// jsonKind keeps the first word of a description like "number 300" and only if it is a kind of
// JSON.
func jsonKind(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "number", "string", "bool", "object", "array", "null":
		return kind
	}
	return "value"
}

// pathsHoldKeys reports whether the paths in encoding/json's errors contain map keys, which are
// part of the value. With GOEXPERIMENT=jsonv2 they may; field names are left out then.
var pathsHoldKeys = sync.OnceValue(func() bool {
	e, ok := json.Unmarshal([]byte(`{"key":"x"}`), &map[string]int{}).(*json.UnmarshalTypeError)
	return !ok || strings.Contains(e.Field, "key")
})

func jsonEncodeError(err error, t reflect.Type) error {
	switch e := err.(type) {
	case *json.UnsupportedTypeError:
		return &jsonError{fmt.Sprintf("JSON has no form for Go type %s", e.Type)}
	case *json.UnsupportedValueError:
		return &jsonError{fmt.Sprintf("%s holds a value JSON does not have: NaN, an infinity or "+
			"a cycle", t)}
	case *json.MarshalerError:
		return &jsonError{fmt.Sprintf("Go type %s failed to marshal itself (%s)", e.Type,
			cause(e.Err))}
	}
	return &jsonError{fmt.Sprintf("cannot encode Go type %s (%s)", t, cause(err))}
}
