package codec_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/codec"
)

// These types encode themselves, and do not decode what they write.
type (
	OnlyMarshalText   int
	OnlyMarshalJSON   struct{ A int }
	OnlyUnmarshalText int
	OnlyUnmarshalJSON int
	BinaryAndText     struct{ A int }
)

func (OnlyMarshalText) MarshalText() ([]byte, error) { return []byte("red"), nil }

func (OnlyMarshalJSON) MarshalJSON() ([]byte, error) { return []byte(`"red"`), nil }

func (*OnlyUnmarshalText) UnmarshalText([]byte) error { return errors.New("no colour") }

func (*OnlyUnmarshalJSON) UnmarshalJSON(data []byte) error {
	var text string
	return json.Unmarshal(data, &text)
}

func (BinaryAndText) MarshalBinary() ([]byte, error) { return []byte{1}, nil }

func (*BinaryAndText) UnmarshalText([]byte) error { return errors.New("no text") }

func unreadable[V any](t *testing.T, c codec.Codec[V], v V) {
	t.Helper()
	if data, err := c.Encode(v); err == nil {
		_, err = c.Decode(data)
		t.Errorf("%T encodes %q, which decodes with %v", c, data, err)
	}
	if _, err := codec.AppendFor(c, "", []byte("before"), v); err == nil {
		t.Errorf("%T appends it", c)
	}
}

// Encode returns an error for a value that the codec could not decode again.
func TestUnreadableIsNotEncoded(t *testing.T) {
	type holder[V any] struct{ A V }
	unreadable(t, codec.JSON[OnlyMarshalText]{}, 1)
	unreadable(t, codec.JSON[holder[OnlyMarshalText]]{}, holder[OnlyMarshalText]{1})
	unreadable(t, codec.JSON[map[OnlyMarshalText]int]{}, map[OnlyMarshalText]int{1: 1})
	unreadable(t, codec.JSON[[]OnlyMarshalJSON]{}, []OnlyMarshalJSON{{1}})
	unreadable(t, codec.JSON[holder[OnlyUnmarshalText]]{}, holder[OnlyUnmarshalText]{1})
	unreadable(t, codec.JSON[*OnlyUnmarshalJSON]{}, new(OnlyUnmarshalJSON))
	for _, odd := range []any{
		json.Number("1e999"), json.RawMessage("1e999"),
		new(big.Int).Exp(big.NewInt(10), big.NewInt(400), nil),
	} {
		unreadable(t, codec.JSON[any]{}, odd)
		unreadable(t, codec.JSON[map[string]any]{}, map[string]any{"a": []any{odd}})
		unreadable(t, codec.JSON[holder[any]]{}, holder[any]{holder[any]{odd}})
	}
	unreadable(t, codec.MsgPack[OnlyMarshalText]{}, 1)
	unreadable(t, codec.MsgPack[holder[OnlyUnmarshalText]]{}, holder[OnlyUnmarshalText]{1})
	unreadable(t, codec.MsgPack[[]BinaryAndText]{}, []BinaryAndText{{1}})
}

type (
	embedsTimePointer struct {
		*time.Time
		Name string
	}
	embedsTimeAndStruct struct {
		time.Time
		Place address
	}
	embedsTimeAndArray struct {
		time.Time
		ID [16]byte
	}
	embedsTimeAndAny struct {
		time.Time
		X any
	}
	embedsTimeAndTime struct {
		time.Time
		Created time.Time
	}
	Other struct{ B int }

	methodsCancel struct {
		time.Time
		Other
	}
	twoNames struct {
		A int `json:"B" msgpack:"B"`
		B int
	}
	Left      struct{ X int }
	Right     struct{ X int }
	ambiguous struct {
		Left
		Right
	}
	Name    struct{ Name string }
	ownName struct {
		Name
		Age int
	}
	Hidden         struct{ a, b int }
	pointerFirst   struct{ P, Q any }
	hiddenPointers struct {
		P *Hidden
		Q Hidden
	}
	pointerToItself *pointerToItself
)

func (Other) MarshalJSON() ([]byte, error) { return []byte("1"), nil }
func (*Other) UnmarshalJSON([]byte) error  { return nil }
func (Other) MarshalText() ([]byte, error) { return []byte("1"), nil }
func (*Other) UnmarshalText([]byte) error  { return nil }

// Check refuses types that show a loss, in any order of their fields.
func TestCheckFindsLosses(t *testing.T) {
	_ = Hidden{1, 2}
	const loses = "loses its other fields"
	for _, test := range []struct {
		c    codec.Checker
		want string
	}{
		{codec.JSON[embedsTimePointer]{}, loses}, {codec.MsgPack[embedsTimePointer]{}, loses},
		{codec.JSON[embedsTimeAndStruct]{}, loses}, {codec.JSON[embedsTimeAndArray]{}, loses},
		{codec.MsgPack[embedsTimeAndStruct]{}, loses}, {codec.JSON[embedsTimeAndAny]{}, loses},
		{codec.JSON[embedsTimeAndTime]{}, loses},
		{codec.JSON[methodsCancel]{}, "name the embedded field"},
		{codec.JSON[twoNames]{}, `two fields of the name "B"`},
		{codec.MsgPack[twoNames]{}, `two fields of the name "B"`},
		{codec.JSON[ambiguous]{}, `two fields of the name "X"`},
		{codec.MsgPack[ownName]{}, `two fields of the name "Name"`},
		{codec.JSON[ownName]{}, ""}, {codec.JSON[EmbedsItself]{}, "embeds itself"},
		{codec.JSON[hiddenPointers]{}, "field Q"}, {codec.MsgPack[hiddenPointers]{}, "field Q"},
		{codec.JSON[[]*Hidden]{}, "no exported field"},
		{codec.JSON[map[string]*Hidden]{}, "no exported field"},
		{codec.JSON[pointerToItself]{}, "points to itself"},
		{codec.MsgPack[pointerToItself]{}, "points to itself"},
		{codec.JSON[map[string]big.Int]{}, "store pointers there"},
		{codec.JSON[map[string]struct{ B big.Int }]{}, "store pointers there"},
		{codec.JSON[map[string]*big.Int]{}, ""}, {codec.JSON[map[string][]big.Int]{}, ""},
		{codec.JSON[map[bool]int]{}, "has keys without an encoded form"},
		{codec.MsgPack[struct{ P uintptr }]{}, "has no encoded form"},
		{codec.JSON[pointerFirst]{}, ""}, {codec.JSON[big.Int]{}, ""},
		{codec.JSON[ambiguousNot]{}, ""},
	} {
		err := test.c.Check()
		if test.want == "" && err != nil {
			t.Errorf("%T: %v", test.c, err)
		} else if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%T: %v\nwant %s", test.c, err, test.want)
		}
	}
}

// ambiguousNot hides a field of its embedded struct, as Go does.
type ambiguousNot struct {
	Left
	X int
}

// No input makes a codec panic, also if a method of a type panics.
func TestDecodePanicsAreErrors(t *testing.T) {
	data := []byte(`"2026-01-02T15:04:05Z"`)
	if v, err := (codec.JSON[embedsTimePointer]{}).Decode(data); err == nil {
		t.Errorf("decodes as %v", v)
	}
}
