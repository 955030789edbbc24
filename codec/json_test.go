package codec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/codec"
)

// decodeError returns the error of Decode, after checks that hold for every error.
func decodeError[V any](t *testing.T, c codec.Codec[V], data string) string {
	t.Helper()
	v, err := c.Decode([]byte(data))
	if err == nil {
		t.Fatalf("decodes, to %+v; want an error", v)
	}
	var zero V
	if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", zero) {
		t.Errorf("value next to the error is %+v, want the zero value", v)
	}
	if inner := errors.Unwrap(err); inner != nil {
		t.Errorf("the cause %T can be reached", inner)
	}
	return err.Error()
}

type textual string

func (*textual) UnmarshalText(text []byte) error { return fmt.Errorf("bad text %s", text) }

type own struct{ sawNull bool }

func (o *own) UnmarshalJSON(data []byte) error {
	if o.sawNull = string(data) == "null"; !o.sawNull {
		return fmt.Errorf("bad data %s", data)
	}
	return nil
}

type liar struct{}

func (*liar) UnmarshalJSON([]byte) error {
	return &json.UnmarshalTypeError{Value: secret}
}

func TestJSONDecodeErrors(t *testing.T) {
	tests := []struct {
		name string
		got  func(*testing.T) string
		want string
	}{
		{"empty", func(t *testing.T) string {
			return decodeError(t, codec.JSON[User]{}, "")
		}, "json: invalid JSON at offset 0"},
		{"syntax", func(t *testing.T) string {
			return decodeError(t, codec.JSON[User]{}, `{"name":hunter2}`)
		}, "json: invalid JSON at offset 9"},
		{"trailing", func(t *testing.T) string {
			return decodeError(t, codec.JSON[int]{}, `1 2`)
		}, "json: invalid JSON at offset 3"},
		{"wrong kind", func(t *testing.T) string {
			return decodeError(t, codec.JSON[User]{}, `{"name":"x","age":"hunter2"}`)
		},
			`json: JSON string does not fit field "age" of Go type int`},
		{"wrong kind inside", func(t *testing.T) string {
			return decodeError(t, codec.JSON[User]{}, `{"boss":{"age":true}}`)
		},
			`json: JSON bool does not fit field "boss.age" of Go type int`},
		{"too large", func(t *testing.T) string {
			return decodeError(t, codec.JSON[int8]{}, `300`)
		}, "json: JSON number does not fit Go type int8"},
		{"key of a map", func(t *testing.T) string {
			return decodeError(t, codec.JSON[map[string]int]{}, `{"hunter2":"hunter2"}`)
		},
			"json: JSON string does not fit Go type int"},
		{"time", func(t *testing.T) string {
			return decodeError(t, codec.JSON[User]{}, `{"created":"hunter2"}`)
		},
			"json: cannot decode into Go type codec_test.User (*time.ParseError)"},
		{"text", func(t *testing.T) string {
			return decodeError(t, codec.JSON[textual]{}, `"hunter2"`)
		},
			"json: cannot decode into Go type codec_test.textual (*errors.errorString)"},
		{"an unmarshaler's own", func(t *testing.T) string {
			return decodeError(t, codec.JSON[own]{}, `"hunter2"`)
		},
			"json: cannot decode into Go type codec_test.own (*errors.errorString)"},
		{"an unmarshaler that imitates", func(t *testing.T) string {
			return decodeError(t, codec.JSON[liar]{}, `"hunter2"`)
		},
			"json: JSON value does not fit Go type codec_test.liar"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.got(t); got != test.want {
				t.Errorf("error %q\n want %q", got, test.want)
			}
		})
	}
}

func TestJSONNull(t *testing.T) {
	want := "json: JSON null does not fit Go type "
	for data, got := range map[string]string{
		"int":                 decodeError(t, codec.JSON[int]{}, "null"),
		"string":              decodeError(t, codec.JSON[string]{}, "\t\r\n null "),
		"codec_test.User":     decodeError(t, codec.JSON[User]{}, "null"),
		"[2]int":              decodeError(t, codec.JSON[[2]int]{}, "null"),
		"codec_test.textual":  decodeError(t, codec.JSON[textual]{}, "null"),
		"codec_test.pointers": decodeError(t, codec.JSON[pointers]{}, "null"),
	} {
		if got != want+data {
			t.Errorf("error %q, want %q", got, want+data)
		}
	}
	accepts := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: null is refused: %v", name, err)
		}
	}
	_, err := codec.JSON[*User]{}.Decode([]byte("null"))
	accepts("pointer", err)
	_, err = codec.JSON[map[string]int]{}.Decode([]byte("null"))
	accepts("map", err)
	_, err = codec.JSON[[]int]{}.Decode([]byte("null"))
	accepts("slice", err)
	_, err = codec.JSON[any]{}.Decode([]byte("null"))
	accepts("interface", err)
	o, err := codec.JSON[own]{}.Decode([]byte("null"))
	accepts("unmarshaler", err)
	if !o.sawNull {
		t.Error("the unmarshaler was not asked")
	}
	if v, err := (codec.JSON[string]{}).Decode([]byte(`"null"`)); v != "null" || err != nil {
		t.Errorf("the string null decodes to %q, %v", v, err)
	}
}

// pointers has methods with a pointer receiver.
type pointers struct{ at time.Duration }

func (p *pointers) MarshalText() ([]byte, error) { return []byte(p.at.String()), nil }

func (p *pointers) UnmarshalText(text []byte) (err error) {
	p.at, err = time.ParseDuration(string(text))
	return err
}

type pointerMap map[string]int

func (m *pointerMap) MarshalJSON() ([]byte, error) { return json.Marshal(len(*m)) }
func (m *pointerMap) UnmarshalJSON([]byte) error   { return nil }

func TestPointerMethodsCount(t *testing.T) {
	type outer struct{ At pointers }
	data, err := codec.JSON[outer]{}.Encode(outer{pointers{time.Second}})
	if string(data) != `{"At":"1s"}` || err != nil {
		t.Errorf("JSON of a field = %s, %v", data, err)
	}
	data, err = codec.JSON[pointerMap]{}.Encode(pointerMap{"a": 1})
	if string(data) != `1` || err != nil {
		t.Errorf("JSON of a map = %s, %v", data, err)
	}
	packed, err := codec.MsgPack[outer]{}.Encode(outer{pointers{time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := (codec.MsgPack[outer]{}).Decode(packed); back.At.at != time.Second ||
		err != nil {
		t.Errorf("MessagePack comes back as %v, %v", back, err)
	}
}

type failing struct{ text string }

func (f failing) MarshalJSON() ([]byte, error)     { return nil, errors.New(f.text) }
func (f failing) MarshalMsgpack() ([]byte, error)  { return nil, errors.New(f.text) }
func (f *failing) UnmarshalMsgpack(b []byte) error { return fmt.Errorf("msgpack: bad %q", b) }

func encodeError[V any](t *testing.T, c codec.Codec[V], v V) string {
	t.Helper()
	data, err := c.Encode(v)
	if err == nil {
		t.Fatalf("encodes, to %q; want an error", data)
	}
	if data != nil {
		t.Errorf("data next to the error is %q, want nil", data)
	}
	if inner := errors.Unwrap(err); inner != nil {
		t.Errorf("the cause %T can be reached", inner)
	}
	return err.Error()
}

func TestJSONEncodeErrors(t *testing.T) {
	loop := map[string]any{}
	loop["self"] = loop
	tests := []struct{ name, got, want string }{
		{"NaN", encodeError(t, codec.JSON[float64]{}, math.NaN()),
			"json: float64 holds a value JSON does not have: NaN, an infinity or a cycle"},
		{"cycle", encodeError(t, codec.JSON[map[string]any]{}, loop),
			"json: map[string]interface {} holds itself, or is nested more than 10000 levels deep"},
		{"channel", encodeError(t, codec.JSON[chan int]{}, nil),
			"json: JSON has no form for Go type chan int"},
		{"a marshaler's own", encodeError(t, codec.JSON[failing]{}, failing{secret}),
			"json: Go type codec_test.failing failed to marshal itself (*errors.errorString)"},
	}
	for _, test := range tests {
		// encoding/json saw a pointer to V.
		if strings.Replace(test.got, "type *", "type ", 1) != test.want {
			t.Errorf("%s: error %q\n want %q", test.name, test.got, test.want)
		}
	}
}

func TestJSONIsEncodingJSON(t *testing.T) {
	for _, v := range []any{ann(), "<&>", json.Number("1.50"), json.RawMessage(`{"a" : 1}`),
		map[int]bool{2: true, 1: false}, []any{nil, 1e21}} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.JSON[any]{}.Encode(v)
		if string(got) != string(want) || err != nil {
			t.Errorf("JSON of %T is %s, %v; want %s", v, got, err, want)
		}
	}
}
