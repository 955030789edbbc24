package codec

import (
	"errors"
	"fmt"
	"reflect"
)

var (
	// ErrUnknownField means that SetFields found no field at a path, or that two paths overlap. It
	// also means that the fields of a value have no names, since its type encodes itself.
	ErrUnknownField = errors.New("no such field")

	// ErrFieldValue means that the field exists, and the value given to SetFields does not fit it.
	ErrFieldValue = errors.New("value does not fit the field")
)

// fieldError has a separate text and does not repeat that of its sentinel.
type fieldError struct {
	text     string
	sentinel error
}

func (e *fieldError) Error() string { return e.text }
func (e *fieldError) Unwrap() error { return e.sentinel }

func unknownField(codec, name string, in fmt.Stringer) error {
	return &fieldError{fmt.Sprintf("%s: no field %q in %s", codec, name, in), ErrUnknownField}
}

func noFields(codec, why string, in fmt.Stringer) error {
	return &fieldError{fmt.Sprintf("%s: fields of %s cannot be named: it %s; use Modify", codec, in,
		why), ErrUnknownField}
}

// misfit returns the error of a value that does not fit. It tells whether the type or the number is
// wrong. numeric means that the field holds numbers.
func misfit(codec, name, fieldType string, numeric bool, value any) error {
	what := "does not take " + describe(value)
	if numeric && value != nil && isNumber(reflect.TypeOf(value)) {
		what = fmt.Sprintf("cannot hold this %T exactly", value)
	}
	return &fieldError{fmt.Sprintf("%s: field %q of type %s %s", codec, name, fieldType, what),
		ErrFieldValue}
}

// describe names the type of a value, with its article, and never the value.
func describe(value any) string {
	if value == nil {
		return "nil"
	}
	t := reflect.TypeOf(value).String()
	switch t[0] {
	case 'a', 'e', 'i', 'o':
		return "an " + t
	case 'u':
		if len(t) >= 4 && t[:4] == "uint" {
			return "a " + t
		}
		return "an " + t
	}
	return "a " + t
}

// cause names the type of an error, since the text must not be shown.
func cause(err error) string { return fmt.Sprintf("%T", err) }
