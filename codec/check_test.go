package codec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

// The types below showed faults in use.

// Node is a tree that knows its parents.
type Node struct {
	Name   string
	Parent *Node   `msgpack:",omitempty"`
	Kids   []*Node `msgpack:",omitempty"`
}

func TestCyclesAreErrors(t *testing.T) {
	n := &Node{Name: "n"}
	n.Kids = []*Node{{Parent: n}}
	loop := map[string]any{}
	loop["self"] = loop
	list := []any{nil}
	list[0] = list
	for _, err := range []error{
		errOf(codec.MsgPack[*Node]{}.Encode(n)), errOf(codec.MsgPack[Node]{}.Encode(*n)),
		errOf(codec.MsgPack[any]{}.Encode(loop)), errOf(codec.MsgPack[any]{}.Encode(list)),
		errOf(codec.JSON[*Node]{}.Encode(n)), errOf(codec.JSON[any]{}.Encode(loop)),
	} {
		if err == nil {
			t.Error("a cycle was encoded")
		}
	}
	tree := Node{Name: "root", Kids: []*Node{{Name: "a", Kids: []*Node{{Name: "b"}}}}}
	got, err := roundTrip(codec.MsgPack[Node]{}, tree)
	if err != nil || !reflect.DeepEqual(got, tree) {
		t.Errorf("a tree comes back as %+v, %v", got, err)
	}
}

func errOf[T any](_ T, err error) error { return err }

func roundTrip[V any](c codec.Codec[V], v V) (V, error) {
	data, err := c.Encode(v)
	if err != nil {
		return v, err
	}
	return c.Decode(data)
}

// List can nest to any depth.
type List []List

func TestNestingHasOneLimit(t *testing.T) {
	nested := func(depth int) List {
		l := List{}
		for range depth - 1 {
			l = List{l}
		}
		return l
	}
	for _, depth := range []int{9000, 10_000, 10_001, 10_002, 20_000} {
		for name, c := range map[string]codec.Codec[List]{
			"JSON": codec.JSON[List]{}, "MsgPack": codec.MsgPack[List]{},
		} {
			data, err := c.Encode(nested(depth))
			if (err == nil) != (depth <= 10_001) && (err == nil) != (depth <= 10_000) {
				t.Errorf("%s: depth %d: Encode returns %v", name, depth, err)
			}
			if err == nil {
				if _, err := c.Decode(data); err != nil {
					t.Errorf("%s: depth %d was encoded, and then: %v", name, depth, err)
				}
			}
		}
	}
}

type (
	allHidden  struct{ a, b int }
	EmbedsTime struct {
		time.Time
		Name string
	}
	WithError    struct{ Err error }
	withStringer struct{ Inner struct{ S fmt.Stringer } }
	inner        struct{ A int }
	pointsInside struct {
		*inner
		B int
	}
	OwnJSON struct {
		time.Time
		Name string
	}
	holdsTime struct{ At time.Time }
	channels  struct{ C chan int }
	excluded  struct {
		C chan int `json:"-" msgpack:"-"`
		A int
	}
	recursiveMap map[string]recursiveMap
)

func (o OwnJSON) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"t": o.Time, "n": o.Name})
}

func (o *OwnJSON) UnmarshalJSON([]byte) error { return nil }

// Check refuses what the type alone shows, and names the place.
func TestCheck(t *testing.T) {
	_ = allHidden{a: 1, b: 2}
	for _, test := range []struct {
		c    codec.Checker
		want string // a part of the error; "" for none
	}{
		{codec.JSON[allHidden]{}, "codec_test.allHidden has no exported field"},
		{codec.MsgPack[*allHidden]{}, "has no exported field"},
		{codec.JSON[EmbedsTime]{}, "loses its other fields"},
		{codec.MsgPack[EmbedsTime]{}, "loses its other fields"},
		{codec.JSON[WithError]{}, "field Err of Go type codec_test.WithError: error is an " +
			"interface with methods"},
		{codec.MsgPack[withStringer]{}, "field Inner.S of"},
		{codec.JSON[map[string][]WithError]{}, "field [key][].Err of"},
		{codec.JSON[fmt.Stringer]{}, "is an interface with methods"},
		{codec.JSON[pointsInside]{}, "embedded pointer to an unexported struct"},
		{codec.MsgPack[pointsInside]{}, "embedded pointer to an unexported struct"},
		{codec.JSON[channels]{}, "field C of"},
		{codec.JSON[*testpb.User]{}, "use codec.Proto"},
		{codec.MsgPack[*testpb.User]{}, "use codec.Proto"},
		{codec.Proto[proto.Message]{}, "use the generated type"},
		{codec.Proto[*dynamicpb.Message]{}, "use the generated type"},
		{codec.JSON[OwnJSON]{}, ""},
		{codec.JSON[excluded]{}, ""}, {codec.MsgPack[excluded]{}, ""},
		{codec.JSON[holdsTime]{}, ""}, {codec.MsgPack[holdsTime]{}, ""},
		{codec.JSON[time.Time]{}, ""}, {codec.MsgPack[*time.Time]{}, ""},
		{codec.JSON[struct{}]{}, ""}, {codec.JSON[any]{}, ""}, {codec.MsgPack[any]{}, ""},
		{codec.JSON[*Node]{}, ""}, {codec.MsgPack[*Node]{}, ""}, {codec.JSON[List]{}, ""},
		{codec.JSON[recursiveMap]{}, ""}, {codec.MsgPack[recursiveMap]{}, ""},
		{codec.JSON[User]{}, ""}, {codec.MsgPack[User]{}, ""}, {codec.Proto[*testpb.User]{}, ""},
	} {
		err := test.c.Check()
		if test.want == "" && err != nil {
			t.Errorf("%T: %v", test.c, err)
		} else if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%T: %v\nwant %s", test.c, err, test.want)
		}
	}
}

// Encode returns an error for a value that would not decode.
func TestNothingUnreadableIsEncoded(t *testing.T) {
	type holder struct{ A any }
	if _, err := (codec.MsgPack[any]{}).Encode(map[int]string{1: "a"}); err == nil {
		t.Error("a map with int keys in an any was encoded")
	}
	c := codec.MsgPack[holder]{}
	data, err := c.Encode(holder{map[string]any{"a": []any{"b", 1.5, nil}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.SetFields(data, map[string]any{"A": map[int]string{1: "a"}})
	if !errors.Is(err, codec.ErrFieldValue) {
		t.Errorf("%v, want ErrFieldValue", err)
	}
}
