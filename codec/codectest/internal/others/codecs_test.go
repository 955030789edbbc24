// Package others runs the suite of codectest on codecs that users could write with other libraries,
// and checks what it finds. It is a separate module, so that rediscache does not require those
// libraries.
package others

import (
	"bytes"
	"encoding/gob"
	"time"
	"unsafe"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/decoder"
	"github.com/fxamacker/cbor/v2"
	gojson "github.com/goccy/go-json"
)

// A library turns values into bytes with two functions, as most libraries do.
type library[V any] struct {
	marshal   func(v any) ([]byte, error)
	unmarshal func(data []byte, v any) error
}

func (l library[V]) Encode(v V) ([]byte, error) { return l.marshal(v) }

func (l library[V]) Decode(data []byte) (v V, err error) {
	err = l.unmarshal(data, &v)
	return v, err
}

func byGob[V any]() library[V] {
	return library[V]{
		marshal: func(v any) ([]byte, error) {
			var buf bytes.Buffer
			err := gob.NewEncoder(&buf).Encode(v)
			return buf.Bytes(), err
		},
		unmarshal: func(data []byte, v any) error {
			return gob.NewDecoder(bytes.NewReader(data)).Decode(v)
		},
	}
}

func byGoJSON[V any]() library[V] {
	return library[V]{
		marshal:   func(v any) ([]byte, error) { return gojson.Marshal(v) },
		unmarshal: func(data []byte, v any) error { return gojson.Unmarshal(data, v) },
	}
}

// byGoJSONStream reads from a stream, where more data may follow.
func byGoJSONStream[V any]() library[V] {
	l := byGoJSON[V]()
	l.unmarshal = func(data []byte, v any) error {
		return gojson.NewDecoder(bytes.NewReader(data)).Decode(v)
	}
	return l
}

func bySonic[V any]() library[V] { return library[V]{sonic.Marshal, sonic.Unmarshal} }

// bySonicDecoder uses the decoder that sonic.Unmarshal uses.
func bySonicDecoder[V any]() library[V] {
	return library[V]{sonic.Marshal, func(data []byte, v any) error {
		return decoder.NewDecoder(string(data)).Decode(v)
	}}
}

// bySonicUncopied omits the copy of the input that sonic.Unmarshal makes.
func bySonicUncopied[V any]() library[V] {
	return library[V]{sonic.Marshal, func(data []byte, v any) error {
		return sonic.UnmarshalString(unsafe.String(unsafe.SliceData(data), len(data)), v)
	}}
}

func byCBOR[V any]() library[V] { return library[V]{cbor.Marshal, cbor.Unmarshal} }

type user struct {
	ID       int64
	Name     string
	Email    *string
	Tags     []string
	Address  address
	Scores   map[string]int
	Created  time.Time
	Avatar   []byte
	Balance  float64
	Orders   []order
	Settings map[string]any
}

type address struct{ Street, City string }

type order struct {
	Number   int
	Articles [8]string
	Paid     *time.Time
}

const secret = "hunter2-hunter2"

func users() []user {
	email, none := "ann@example.com", ""
	at := time.Date(2026, 5, 4, 3, 2, 1, 123456789, time.UTC)
	return []user{
		{Name: "nobody"},
		{
			ID: 1 << 60, Name: "Ann <&> " + secret, Email: &email, Tags: []string{"a", "b"},
			Address: address{"Marktgasse 1", "Bern"}, Scores: map[string]int{"x": 1, "y": -2},
			Created: at, Avatar: []byte{0, 1, 2, 255}, Balance: 0.1,
			Orders:   []order{{Number: 7, Articles: [8]string{"tea", "milk"}, Paid: &at}},
			Settings: map[string]any{"theme": "dark", "list": []any{"x", true}},
		},
		{Name: "no email", Email: &none},
		{Name: "empty", Tags: []string{}, Scores: map[string]int{}, Avatar: []byte{}},
	}
}
