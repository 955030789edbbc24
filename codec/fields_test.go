package codec

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

// The types below embed in every way for which encoding/json and msgpack have a rule.

type plain struct {
	A       int `json:"a" msgpack:"a"`
	B       int
	Skipped int `json:"-" msgpack:"-"`
	private int //lint:ignore U1000 it is there to be left out
	Opt     int `json:",omitempty" msgpack:",omitempty"`
}

type Base struct {
	ID   int
	Name string `json:"name" msgpack:"name"`
}

type base struct{ Inner int }

type Deep struct {
	Base
	Depth int
}

type (
	promotes   struct{ Base }
	byPointer  struct{ *Base }
	unexported struct{ base }
	tagged     struct {
		Base `json:"b" msgpack:"b"`
	}
	noinline struct {
		Base `msgpack:",noinline"`
	}
	shadowBefore struct {
		Name string `json:"name" msgpack:"name"`
		Base
	}
	shadowAfter struct {
		Base
		Name string `json:"name" msgpack:"name"`
	}
	forced struct {
		Name string `msgpack:"name"`
		Base `msgpack:",inline"`
	}
	deep  struct{ Deep }
	twice struct {
		Left
		Right
	}
	Left    struct{ X, L int }
	Right   struct{ X, R int }
	tagWins struct {
		Left
		Named
	}
	Named struct {
		Y int `json:"X"`
	}
	same struct {
		Via1
		Via2
	}
	Untagged struct{ ID, Name int }
	Via1     struct{ Untagged }
	Via2     struct{ Untagged }
	withTime struct {
		At   time.Time
		Time int
	}
	aliased struct {
		New int `msgpack:"new,alias:old"`
	}
	Number    int
	scalar    struct{ Number }
	recursive struct {
		*Recurse
		Top int
	}
	Recurse struct {
		Value int
		Next  *Recurse
	}
)

// stamps has two embedded types that encode themselves. Their methods cancel each other out, so
// stamps has none.
type (
	stamps struct {
		Stamp1
		Stamp2
	}
	Stamp1 struct{ time.Time }
	Stamp2 struct{ time.Time }
)

// oddTags has tags that linters refuse in source code.
var oddTags = reflect.Zero(reflect.StructOf([]reflect.StructField{
	{Name: "Dash", Type: reflect.TypeFor[int](), Tag: `json:"-," msgpack:"dash"`},
	{Name: "Quote", Type: reflect.TypeFor[int](), Tag: `json:"a\"b" msgpack:" spaced ,x"`},
	{Name: "Empty", Type: reflect.TypeFor[*int](), Tag: `json:"," msgpack:","`},
})).Interface()

// TestFieldNames compares our field names with the keys that the libraries write.
func TestFieldNames(t *testing.T) {
	b := &Base{}
	for _, v := range []any{
		plain{Opt: 1}, promotes{}, byPointer{
			b}, unexported{}, tagged{}, noinline{}, shadowBefore{}, shadowAfter{}, forced{}, deep{},
		oddTags, stamps{}, twice{}, tagWins{}, same{}, withTime{}, scalar{}, recursive{
			Recurse: &Recurse{}},
	} {
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) {
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			compareNames(t, jsonFormat{}, v, data, json.Unmarshal)
			if data, err = msgpack.Marshal(v); err != nil {
				t.Fatal(err)
			}
			compareNames(t, msgpackFormat{}, v, data, msgpack.Unmarshal)
		})
	}
}

func compareNames(t *testing.T, f format, v any, data []byte, unmarshal func([]byte, any) error) {
	t.Helper()
	var document map[string]any
	if err := unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(document))
	got := slices.Sorted(maps.Keys(f.fields(reflect.TypeOf(v)).named))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s names (-library +ours):\n%s", f.name(), diff)
	}
}

func TestSetFieldThroughEmbedding(t *testing.T) {
	inner := &Base{ID: 1, Name: "before"}
	v := byPointer{inner}
	got, err := SetField(JSON[byPointer]{}, v, "name", "after")
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "after" || got.ID != 1 {
		t.Errorf("SetField = %+v", *got.Base)
	}
	if inner.Name != "before" || v.Base != inner {
		t.Errorf("SetField changed the value that came in, to %+v", *inner)
	}
	got, err = SetField(MsgPack[byPointer]{}, byPointer{}, "name", "fresh")
	if err != nil || got.Base == nil || got.Name != "fresh" {
		t.Errorf("nil embedded pointer: %+v, %v", got, err)
	}
	set, err := SetField(JSON[unexported]{}, unexported{}, "Inner", 3)
	if err != nil || set.Inner != 3 {
		t.Errorf("unexported embedded struct: %+v, %v", set, err)
	}
	old, err := SetField(MsgPack[aliased]{}, aliased{}, "old", 3)
	if err != nil || old.New != 3 {
		t.Errorf("alias: %+v, %v", old, err)
	}
}

// TestShadowedFields checks which of two fields a name means if both have it. TestFieldNames does
// not show that.
func TestShadowedFields(t *testing.T) {
	before, err := SetField(JSON[shadowBefore]{}, shadowBefore{}, "name", "outer")
	if err != nil || before.Name != "outer" || before.Base.Name != "" {
		t.Errorf("JSON: %+v, %v", before, err)
	}
	inlined, err := SetField(MsgPack[forced]{}, forced{}, "name", "outer")
	if err != nil || inlined.Name != "outer" || inlined.Base.Name != "" {
		t.Errorf("MsgPack, inlined by its tag: %+v, %v", inlined, err)
	}
	after, err := SetField(MsgPack[shadowAfter]{}, shadowAfter{}, "name", "outer")
	if err != nil || after.Name != "outer" || after.Base.Name != "" {
		t.Errorf("MsgPack, taken by a later field: %+v, %v", after, err)
	}
}

type SelfEmbedding struct {
	*SelfEmbedding
	A int
}

// The MessagePack library never returns for a type that embeds itself.
func TestSelfEmbedding(t *testing.T) {
	want := "msgpack: Go type codec.SelfEmbedding embeds itself: name the embedded field"
	_, err1 := MsgPack[SelfEmbedding]{}.Encode(SelfEmbedding{})
	_, err2 := MsgPack[*SelfEmbedding]{}.Decode([]byte{0x80})
	for _, err := range []error{err1, err2, MsgPack[[]SelfEmbedding]{}.Check()} {
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if v, err := SetField(JSON[SelfEmbedding]{}, SelfEmbedding{}, "A", 1); err != nil || v.A != 1 {
		t.Errorf("JSON: %+v, %v", v, err)
	}
}

func TestSetFieldOnPointers(t *testing.T) {
	got, err := SetField(JSON[*plain]{}, &plain{A: 1, B: 2}, "a", 5)
	if err != nil || got.A != 5 || got.B != 2 {
		t.Errorf("%+v, %v; want A 5", got, err)
	}
}

func TestSetFieldLeavesSharedStateAlone(t *testing.T) {
	type holder struct {
		Tags   []string
		Labels map[string]string
	}
	v := holder{[]string{"a", "b"}, map[string]string{"k": "v"}}
	if _, err := SetField(JSON[holder]{}, v, "Tags", []any{"z"}); err != nil {
		t.Fatal(err)
	}
	got, err := SetField(JSON[holder]{}, v, "Labels", map[string]any{"other": "w"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(holder{[]string{"a", "b"}, map[string]string{"k": "v"}}, v); diff != "" {
		t.Errorf("SetField changed its argument:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"other": "w"}, got.Labels); diff != "" {
		t.Errorf("the field was merged and not replaced:\n%s", diff)
	}
}

type selfish struct{ A int }

func (selfish) MarshalJSON() ([]byte, error)     { return []byte("{}"), nil }
func (*selfish) MarshalMsgpack() ([]byte, error) { return []byte{0x80}, nil }
