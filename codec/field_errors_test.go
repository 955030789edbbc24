package codec

import (
	"errors"
	"testing"
	"time"
)

func setError[V any](t *testing.T, c Setter[V], v V, path string, value any) error {
	t.Helper()
	got, err := SetField(c, v, path, value)
	if err == nil {
		t.Fatalf("setting %q to %v = %+v, want an error", path, value, got)
	}
	return err
}

func TestSetFieldErrors(t *testing.T) {
	type hidden struct {
		*base
		Small int8
	}
	type narrow struct{ Small int8 }
	v := plain{A: 1}
	tests := []struct {
		err  error
		is   error
		text string
	}{
		{setError(t, JSON[plain]{}, v, "aa", 1), ErrUnknownField,
			`json: no field "aa" in codec.plain`},
		{setError(t, JSON[plain]{}, v, "A", 1), ErrUnknownField,
			`json: no field "A" in codec.plain`},
		{setError(t, JSON[plain]{}, v, "-", 1), ErrUnknownField,
			`json: no field "-" in codec.plain`},
		{setError(t, JSON[plain]{}, v, "private", 1), ErrUnknownField,
			`json: no field "private" in codec.plain`},
		{setError(t, MsgPack[plain]{}, v, "Skipped", 1), ErrUnknownField,
			`msgpack: no field "Skipped" in codec.plain`},
		{setError(t, JSON[twice]{}, twice{}, "X", 1), ErrUnknownField,
			`json: no field "X" in codec.twice`},
		{setError(t, JSON[hidden]{}, hidden{}, "Inner", 1), ErrUnknownField,
			`json: no field "Inner" in codec.hidden`},
		{setError(t, JSON[*plain]{}, nil, "a", 1), ErrUnknownField,
			`json: no field "a" in a nil *codec.plain`},
		{setError(t, JSON[map[string]int]{}, nil, "a", 1), ErrUnknownField,
			`json: no field "a" in a nil map[string]int`},
		{setError(t, MsgPack[any]{}, nil, "a", 1), ErrUnknownField,
			`msgpack: no field "a" in a nil interface {}`},
		{setError(t, JSON[selfish]{}, selfish{}, "A", 1), ErrUnknownField,
			`json: fields of codec.selfish cannot be named: it encodes itself; use Modify`},
		{setError(t, JSON[*selfish]{}, &selfish{}, "A", 1), ErrUnknownField,
			`json: fields of *codec.selfish cannot be named: it encodes itself; use Modify`},
		{setError(t, MsgPack[selfish]{}, selfish{}, "A", 1), ErrUnknownField,
			`msgpack: fields of codec.selfish cannot be named: it encodes itself; use Modify`},
		{setError(t, JSON[time.Time]{}, time.Time{}, "wall", 1), ErrUnknownField,
			`json: fields of time.Time cannot be named: it encodes itself; use Modify`},
		{setError(t, JSON[plain]{}, v, "a", "secret"), ErrFieldValue,
			`json: field "a" of type int does not take a string`},
		{setError(t, JSON[plain]{}, v, "a", nil), ErrFieldValue,
			`json: field "a" of type int does not take nil`},
		{setError(t, JSON[plain]{}, v, "a", []int{1}), ErrFieldValue,
			`json: field "a" of type int does not take a []int`},
		{setError(t, MsgPack[narrow]{}, narrow{}, "Small", 300), ErrFieldValue,
			`msgpack: field "Small" of type int8 cannot hold this int exactly`},
	}
	for _, test := range tests {
		if test.err.Error() != test.text {
			t.Errorf("error %q\n want %q", test.err, test.text)
		}
		if errors.Is(test.err, ErrUnknownField) != (test.is == ErrUnknownField) ||
			errors.Is(test.err, ErrFieldValue) != (test.is == ErrFieldValue) {
			t.Errorf("error %q wraps %v, want %v", test.err, errors.Unwrap(test.err), test.is)
		}
	}
}
