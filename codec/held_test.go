package codec_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/codec"
)

// Links nests as deep as the list is long.
type Links struct{ Next *Links }

func links(n int) *Links {
	var l *Links
	for range n {
		l = &Links{l}
	}
	return l
}

// EmbedsItself is endless for a library that expands embedded structs.
type EmbedsItself struct {
	*EmbedsItself
	X int
}

type heldKey struct{ A any }

// For each of these, an encoder would not return, or exhaust the stack. No recover helps then.
func heldValues() map[string]any {
	cycle := map[string]any{}
	cycle["a"] = []any{cycle}
	node := &Node{}
	node.Kids = []*Node{{Parent: node}}
	var pointer any
	pointer = &pointer
	var inKey any
	keys := map[any]int{&inKey: 1}
	inKey = keys
	var inField any
	fields := map[heldKey]int{{&inField}: 1}
	inField = fields
	return map[string]any{
		"a map that holds itself": cycle, "nodes that hold each other": node,
		"a pointer to itself": pointer, "a cycle through a key": keys,
		"a cycle through a field of a key": fields, "a long list": links(1_000_000),
	}
}

func TestCyclicValuesAreErrors(t *testing.T) {
	for name, v := range heldValues() {
		t.Run(name, func(t *testing.T) {
			for _, c := range []codec.Codec[any]{codec.JSON[any]{}, codec.MsgPack[any]{}} {
				if _, err := c.Encode(v); err == nil {
					t.Errorf("%T encodes it", c)
				}
				if _, err := codec.AppendFor(c, "", nil, v); err == nil {
					t.Errorf("%T appends it", c)
				}
			}
			type holder struct{ A any }
			for c, empty := range map[codec.FieldSetter]string{
				codec.JSON[holder]{}: "{}", codec.MsgPack[holder]{}: "\x80",
			} {
				_, err := c.SetFields([]byte(empty), map[string]any{"A": v})
				if !errors.Is(err, codec.ErrFieldValue) {
					t.Errorf("%T sets it: %v", c, err)
				}
			}
		})
	}
	if _, err := (codec.JSON[*Links]{}).Encode(links(1_000_000)); err == nil {
		t.Error("JSON encodes a long list of a type that holds itself")
	}
	if _, err := (codec.MsgPack[any]{}).Encode(EmbedsItself{}); err == nil {
		t.Error("MsgPack encodes a struct that embeds itself")
	}
}

// A value at many places is no cycle.
func TestSharedValuesAreEncoded(t *testing.T) {
	shared := map[string]any{"x": 1.0}
	v := []any{shared, shared, []any{shared, links(2000)}}
	for _, c := range []codec.Codec[any]{codec.JSON[any]{}, codec.MsgPack[any]{}} {
		if _, err := c.Encode(v); err != nil {
			t.Errorf("%T: %v", c, err)
		}
	}
}

// A nil embedded pointer stays nil, wherever the struct is.
func TestEmbeddedPointersStayNilInside(t *testing.T) {
	type Inner struct{ Deep string }
	type Base struct {
		*Inner
		ID int
	}
	type top struct {
		*Base
		Top int
	}
	type all struct {
		List  []top
		Map   map[string]top
		ByID  map[int]*top
		Field top
		Array [1]top
	}
	inner := &Base{ID: 1}
	for _, want := range []all{
		{List: []top{{Top: 1}}, Map: map[string]top{"a": {Top: 2}},
			ByID: map[int]*top{3: {Top: 3}}},
		{List: []top{{Base: inner}}, Map: map[string]top{"a": {Base: inner}},
			ByID:  map[int]*top{3: {Base: inner}},
			Field: top{Base: inner}, Array: [1]top{{Base: inner}}},
		{Field: top{Base: &Base{Inner: &Inner{"x"}}}},
	} {
		got, err := roundTrip(codec.MsgPack[all]{}, want)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v comes back as %+v, %v", want, got, err)
		}
	}
}

// The error names the place of the misfit, and no key of a map.
func TestIntegerMisfitsNameTheField(t *testing.T) {
	type item struct {
		N int8 `msgpack:"n"`
	}
	type record struct {
		Item  item            `msgpack:"item"`
		Items []item          `msgpack:"items"`
		ByKey map[string]item `msgpack:"by_key"`
		F     float64         `msgpack:"f"`
	}
	wide := map[string]any{"n": 300}
	for _, test := range []struct {
		doc  map[string]any
		want string
	}{
		{map[string]any{"item": wide}, `field "item.n" of`},
		{map[string]any{"items": []any{wide}}, `field "items[].n" of`},
		{map[string]any{"by_key": map[string]any{secret: wide}}, `field "by_key[key].n" of`},
		{map[string]any{"f": uint64(math.MaxUint64)}, `field "f" of`},
	} {
		data, err := msgpack.Marshal(test.doc)
		if err != nil {
			t.Fatal(err)
		}
		_, err = codec.MsgPack[record]{}.Decode(data)
		if err == nil || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), secret) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

// The options change only the values that they are for.
func TestMsgPackOptionsLeaveTheRest(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	// A map with a time. The payload of the time looks like a map with a float.
	data := []byte{0x81, 0xa1, 'T', 0xd7, 0xff, 0x81, 0x01, 0xca, 0x4c, 0x66, 0x80, 0x00, 0x10}
	plain, err1 := codec.MsgPack[map[string]any]{}.Decode(data)
	whole, err2 := codec.MsgPack[map[string]any]{Integers: true}.Decode(data)
	if err1 != nil || err2 != nil || fmt.Sprint(plain) != fmt.Sprint(whole) {
		t.Errorf("%v, %v without Integers, %v, %v with", plain, err1, whole, err2)
	}
	none := map[float64]time.Time{}
	for range 100 {
		none[math.NaN()] = at
	}
	data, err := msgpack.Marshal(none)
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.MsgPack[map[float64]time.Time]{UTC: true}.Decode(data)
	if err != nil || len(got) != 100 {
		t.Errorf("%d entries of 100, %v", len(got), err)
	}
}
