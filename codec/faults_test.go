package codec_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/codec"
)

// wideIDs and narrowIDs are one record in two versions of a program.
type (
	wideIDs   struct{ ID, Other int64 }
	narrowIDs struct {
		ID    int32
		Other int64
	}
)

func TestIntegersAreNotCut(t *testing.T) {
	data, _ := codec.MsgPack[wideIDs]{}.Encode(wideIDs{ID: 1 << 40, Other: 1 << 50})
	if v, err := (codec.MsgPack[narrowIDs]{}).Decode(data); err == nil {
		t.Errorf("decoded as %+v", v)
	}
	set := map[string]any{"Other": 2}
	if _, err := (codec.MsgPack[narrowIDs]{}).SetFields(data, set); err == nil {
		t.Error("a field of a record that does not decode was set")
	}
	data, _ = codec.MsgPack[wideIDs]{}.Encode(wideIDs{ID: -1 << 31, Other: 1 << 50})
	v, err := codec.MsgPack[narrowIDs]{}.Decode(data)
	if err != nil || v != (narrowIDs{-1 << 31, 1 << 50}) {
		t.Errorf("%+v, %v", v, err)
	}
	for _, test := range []struct {
		fits bool
		err  error
	}{
		{false, packed[uint8](256)}, {true, packed[uint8](255)}, {false, packed[uint8](-1)},
		{false, packed[int8](128)}, {true, packed[int8](-128)}, {false, packed[int8](-129)},
		{false, packed[int64](uint64(1 << 63))}, {true, packed[uint64](uint64(1 << 63))},
		{false, packed[uint64](-1)}, {true, packed[float64](-1)},
		{false, packed[[]int8]([]int{1, 300})},
		{false, packed[map[string]int8](map[string]int{"a": 300})},
		{false, packed[map[int8]string](map[int]string{300: ""})},
		{false, packed[*int8](300)}, {true, packed[any](300)},
		{false, packed[[]narrowIDs]([]wideIDs{{ID: 1 << 40}})},
		{true, packed[struct{ Other int8 }](wideIDs{ID: 1 << 40, Other: 5})},
		{false, packed[struct{ Other int8 }](wideIDs{ID: 5, Other: 1 << 40})},
	} {
		if test.fits != (test.err == nil) {
			t.Errorf("fits: %v, error %v", test.fits, test.err)
		}
	}
}

// packed encodes v with the library and decodes it as a V.
func packed[V any](v any) error {
	data, err := msgpack.Marshal(v)
	if err != nil {
		panic(err)
	}
	_, err = codec.MsgPack[V]{}.Decode(data)
	return err
}

// Enum has a text for each known value, and panics for others.
type Enum int

func (e Enum) MarshalText() ([]byte, error) { return []byte([]string{"a", "b"}[e]), nil }

func (e *Enum) UnmarshalText(text []byte) error {
	*e = Enum(strings.Index("ab", string(text)))
	return nil
}

func TestPanicsOfMethodsAreErrors(t *testing.T) {
	type holder struct{ E Enum }
	for _, c := range []codec.Codec[holder]{codec.JSON[holder]{}, codec.MsgPack[holder]{}} {
		if _, err := c.Encode(holder{7}); err == nil {
			t.Errorf("%T encodes what panics", c)
		}
		if v, err := roundTrip(c, holder{1}); err != nil || v.E != 1 {
			t.Errorf("%T behind a panic: %v, %v", c, v, err)
		}
	}
}

type (
	Base2 struct {
		ID   int
		Note *string
	}
	Embeds struct {
		*Base2
		Name string
	}
)

func TestEmbeddedPointersStayNil(t *testing.T) {
	for _, c := range []codec.Codec[Embeds]{codec.JSON[Embeds]{}, codec.MsgPack[Embeds]{}} {
		for _, v := range []Embeds{
			{Name: "a"}, {Base2: &Base2{ID: 1}, Name: "b"}, {Base2: &Base2{}},
		} {
			got, err := roundTrip(c, v)
			if err != nil || (got.Base2 == nil) != (v.Base2 == nil) || got.Name != v.Name {
				t.Errorf("%T: %+v comes back as %+v, %v", c, v, got, err)
			}
		}
	}
}

// When an older version of a program sets a field, the fields of a newer version stay.
func TestUnknownFieldsStay(t *testing.T) {
	type old struct {
		Name string `json:"name" msgpack:"name"`
		Age  int    `json:"age" msgpack:"age"`
	}
	type newer struct {
		Extra []map[string]any `json:"extra" msgpack:"extra"`
		Name  string           `json:"name" msgpack:"name"`
		More  string           `json:"more" msgpack:"more"`
		Age   int              `json:"age" msgpack:"age"`
	}
	was := newer{[]map[string]any{{"k": "v"}}, "Ann", "x", 31}
	want := was
	want.Age = 32
	check := func(by codec.Codec[newer], c codec.Setter[old]) {
		data, _ := by.Encode(was)
		data, err := c.SetFields(data, map[string]any{"age": 32})
		if err != nil {
			t.Fatal(err)
		}
		got, err := by.Decode(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%T: %+v, %v", c, got, err)
		}
	}
	check(codec.JSON[newer]{}, codec.JSON[old]{})
	check(codec.MsgPack[newer]{}, codec.MsgPack[old]{})

	odd := []byte("{\"\xff\":1, \"\xfe\":2, \"name\":\"a\", \"NAME\":\"b\", \"name\":\"c\" }")
	data, err := codec.JSON[old]{}.SetFields(odd, map[string]any{"name": "d"})
	if want := "{\"\xff\":1,\"\xfe\":2,\"name\":\"d\"}"; err != nil || string(data) != want {
		t.Errorf("%q, %v\nwant %q", data, err, want)
	}
}

func TestAppend(t *testing.T) {
	u := ann()
	for _, c := range []codec.Codec[User]{codec.JSON[User]{}, codec.MsgPack[User]{}} {
		data, err := c.(codec.Appender[User]).Append([]byte("before"), u)
		rest, ok := bytes.CutPrefix(data, []byte("before"))
		if err != nil || !ok {
			t.Fatalf("%T: %q, %v", c, data, err)
		}
		if v, err := c.Decode(rest); err != nil || !reflect.DeepEqual(v.Name, u.Name) {
			t.Errorf("%T: %+v, %v", c, v, err)
		}
	}
}
