package codec_test

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/activettl/rediscache/codec"
)

// Types as services have them. A codec that looks at too few or too many fields would refuse some
// of them.
type (
	Post struct {
		Title string  `json:"title" msgpack:"title"`
		User  *Author `json:"-" msgpack:"-"` // back
	}
	Author struct {
		Name  string  `json:"name" msgpack:"name"`
		Posts []*Post `json:"posts" msgpack:"posts"`
		Cache any     `json:"-" msgpack:"-"`
	}
	formatted struct {
		time.Time
		Format string `json:"-" msgpack:"-"`
	}
	config       struct{ A int }
	leavesConfig struct {
		*config `json:"-" msgpack:"-"`
		ID      int
	}
	marked struct {
		Marker struct{ _ struct{} }
		Func   [0]func()
		ID     int
	}
	Account struct{ Password string }
	shadows struct {
		Account
		Password *string
	}
	attrs   map[string]any
	pointed struct {
		*Account
		Pad []any
		Sub *pointed
	}
)

func (f formatted) MarshalJSON() ([]byte, error)       { return f.Time.MarshalJSON() }
func (f *formatted) UnmarshalJSON(data []byte) error   { return f.Time.UnmarshalJSON(data) }
func (f formatted) MarshalBinary() ([]byte, error)     { return f.Time.MarshalBinary() }
func (f *formatted) UnmarshalBinary(data []byte) error { return f.Time.UnmarshalBinary(data) }
func (f formatted) Equal(g formatted) bool             { return f.Time.Equal(g.Time) }
func (p *pointed) nested(levels int, bottom any) *pointed { // p with that many levels in it
	for range levels {
		p = &pointed{Sub: p}
	}
	p.Pad = []any{bottom}
	return p
}

func ordinary[V any](t *testing.T, v V) {
	t.Helper()
	for _, c := range []codec.Codec[V]{
		codec.JSON[V]{}, codec.MsgPack[V]{}, codec.MsgPack[V]{JSONTags: true},
	} {
		if err := codec.Check(c); err != nil {
			t.Errorf("%T: %v", c, err)
		}
		got, err := roundTrip(c, v)
		if err != nil || !cmp.Equal(got, v) {
			t.Errorf("%T: %+v comes back as %+v, %v", c, v, got, err)
		}
	}
}

func TestOrdinaryTypes(t *testing.T) {
	ordinary(t, formatted{Time: time.Unix(1, 0).UTC()})
	ordinary(t, shadows{Password: new("x")})
	ordinary(t, map[netip.Addr]int{netip.MustParseAddr("10.0.0.1"): 1})
	ordinary(t, map[Hue]Hue{"red": "blue"})
	for _, c := range []codec.Checker{codec.JSON[leavesConfig]{}, codec.MsgPack[leavesConfig]{},
		codec.MsgPack[leavesConfig]{JSONTags: true}, codec.JSON[marked]{}} {
		if err := c.Check(); err != nil {
			t.Errorf("%T: %v", c, err)
		}
	}
	author := &Author{Name: "Ann", Posts: []*Post{{Title: "x"}}}
	author.Posts[0].User = author
	author.Cache = author
	for _, c := range []interface {
		codec.Codec[*Author]
		codec.FieldSetter
	}{codec.JSON[*Author]{}, codec.MsgPack[*Author]{}, codec.MsgPack[*Author]{JSONTags: true}} {
		data, err := c.Encode(author)
		if err != nil {
			t.Fatalf("%T: %v", c, err)
		}
		if data, err = c.SetFields(data, map[string]any{"posts": author.Posts}); err != nil {
			t.Fatalf("%T: %v", c, err)
		}
		if got, err := c.Decode(data); err != nil || got.Posts[0].Title != "x" {
			t.Errorf("%T: %+v, %v", c, got, err)
		}
	}
}

// Hue is a text with methods. encoding/json does not use them for keys.
type Hue string

func (h Hue) MarshalText() ([]byte, error)     { return []byte(h), nil }
func (h *Hue) UnmarshalText(text []byte) error { *h = Hue(text); return nil }

// An embedded field of an unexported type that is no struct. encoding/json ignores it. The
// MessagePack library writes it and does not read it.
func TestHiddenEmbeddedFields(t *testing.T) {
	type number int
	type hides struct {
		attrs
		number
		Name string
	}
	v := hides{attrs{"a": map[string]any{}}, 1, "x"}
	if got, err := roundTrip(codec.JSON[hides]{}, v); err != nil || got.Name != "x" {
		t.Errorf("JSON: %+v, %v", got, err)
	}
	if err := (codec.MsgPack[hides]{}).Check(); err == nil {
		t.Error("MsgPack takes the type")
	}
	if _, err := (codec.MsgPack[hides]{}).Encode(v); err != nil {
		t.Logf("MsgPack: %v", err) // an error, and no panic
	}
}

// SetFields must find keys in the form in which the codec writes them.
func TestSetFieldsFindsKeysThatEncodeThemselves(t *testing.T) {
	type item struct{ Name, Rest string }
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	v := map[netip.Addr]item{a: {"a", "x"}, b: {"b", "y"}}
	want := map[netip.Addr]item{a: {"c", "x"}, b: {"b", "y"}}
	for _, c := range []interface {
		codec.Codec[map[netip.Addr]item]
		codec.FieldSetter
	}{codec.JSON[map[netip.Addr]item]{}, codec.MsgPack[map[netip.Addr]item]{}} {
		data, err := c.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		size := len(data)
		for range 3 {
			if data, err = c.SetFields(data, map[string]any{`["10.0.0.1"].Name`: "c"}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := c.Decode(data)
		if err != nil || !reflect.DeepEqual(got, want) || len(data) != size {
			t.Errorf("%T: %+v, %v, %d bytes of %d", c, got, err, len(data), size)
		}
	}
	born := time.Unix(1_700_000_000, 5).UTC()
	times := codec.MsgPack[map[time.Time]int]{UTC: true}
	data, err := times.Encode(map[time.Time]int{born: 1})
	if err != nil {
		t.Fatal(err)
	}
	path := `["` + born.Format(time.RFC3339Nano) + `"]`
	if data, err = times.SetFields(data, map[string]any{path: 2}); err != nil {
		t.Fatal(err)
	}
	if got, err := times.Decode(data); len(got) != 1 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// Types whose methods do not belong together: one method writes, and another one reads.
type (
	keyByText   string
	mixedText   struct{ A int }
	mixedBinary struct{ A int }
	redacted    string
	selfAny     interface {
		MarshalJSON() ([]byte, error)
		UnmarshalJSON([]byte) error
	}
)

func (k *keyByText) UnmarshalText(text []byte) error {
	after, ok := bytes.CutPrefix(text, []byte("k:"))
	if !ok {
		return bytes.ErrTooLarge
	}
	*k = keyByText(after)
	return nil
}

func (k keyByText) MarshalText() ([]byte, error) { return []byte("k:" + string(k)), nil }

func (mixedText) MarshalText() ([]byte, error)     { return []byte("x"), nil }
func (*mixedText) MarshalJSON() ([]byte, error)    { return []byte("1"), nil }
func (*mixedText) UnmarshalText([]byte) error      { return nil }
func (*mixedText) UnmarshalJSON(data []byte) error { return jsonNumberOnly(data) }

func (mixedBinary) MarshalText() ([]byte, error)       { return []byte("x"), nil }
func (*mixedBinary) MarshalBinary() ([]byte, error)    { return []byte{1}, nil }
func (*mixedBinary) UnmarshalText([]byte) error        { return nil }
func (*mixedBinary) UnmarshalBinary(data []byte) error { return binaryOnly(data) }

func (redacted) MarshalText() ([]byte, error) { return []byte("***"), nil }

func jsonNumberOnly(data []byte) error {
	if string(data) != "1" {
		return bytes.ErrTooLarge
	}
	return nil
}

func binaryOnly(data []byte) error {
	if len(data) != 1 || data[0] != 1 {
		return bytes.ErrTooLarge
	}
	return nil
}

func TestMixedMethodsAreNotEncoded(t *testing.T) {
	unreadable(t, codec.JSON[map[string]mixedText]{}, map[string]mixedText{"a": {}})
	unreadable(t, codec.MsgPack[map[string]mixedBinary]{}, map[string]mixedBinary{"a": {}})
	for _, c := range []codec.Checker{
		codec.JSON[struct{ S redacted }]{}, codec.MsgPack[struct{ S redacted }]{},
		codec.JSON[struct{ I selfAny }]{},
	} {
		if c.Check() == nil {
			t.Errorf("%T is accepted", c)
		}
	}
	// One version of Go writes the text as it is, and another one calls the method.
	v := map[keyByText]int{"a": 1}
	data, err := codec.JSON[map[keyByText]int]{}.Encode(v)
	if err != nil {
		return
	}
	if got, err := (codec.JSON[map[keyByText]int]{}).Decode(data); err != nil ||
		!reflect.DeepEqual(got, v) {
		t.Errorf("%s is %v, %v", data, got, err)
	}
}

// Nil embedded pointers in lists. For many levels the time must grow in proportion to the data.
func TestEmbeddedPointersInLists(t *testing.T) {
	type listed struct {
		_msgpack struct{} `msgpack:",as_array"` //lint:ignore U1000 the library looks at its tag
		*Account
		ID int
	}
	for _, v := range []listed{{ID: 1}, {Account: &Account{"x"}, ID: 1}} {
		got, err := roundTrip(codec.MsgPack[listed]{}, v)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%+v comes back as %+v, %v", v, got, err)
		}
	}
	byBool := map[bool]pointed{true: {}, false: {Account: &Account{"x"}}}
	got, err := roundTrip(codec.MsgPack[map[bool]pointed]{}, byBool)
	if err != nil || !reflect.DeepEqual(got, byBool) {
		t.Errorf("%+v comes back as %+v, %v", byBool, got, err)
	}
	twice := []byte("\x82\xa1a\x81\xa8Password\xc0\xa1a\x81\xa8Password\xa1x")
	again, err := codec.MsgPack[map[string]pointed]{}.Decode(twice)
	if err != nil || again["a"].Account == nil {
		t.Errorf("of a key that comes twice: %+v, %v", again, err)
	}

	c := codec.MsgPack[*pointed]{}
	var allocated []float64
	for _, levels := range []int{500, 1000} {
		data, err := c.Encode((&pointed{}).nested(levels, make([]int, 100)))
		if err != nil {
			t.Fatal(err)
		}
		allocated = append(allocated, testing.AllocsPerRun(1, func() { _, _ = c.Decode(data) }))
	}
	if allocated[1] > 3*allocated[0] {
		t.Errorf("500 and 1000 levels take %v allocations", allocated)
	}
}
