package codectest

import (
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
)

func valueOf(v any) reflect.Value { return reflect.ValueOf(&v).Elem() }

func TestDifference(t *testing.T) {
	now := time.Now()
	type hidden struct{ n int }
	for _, test := range []struct {
		want, got any
		text      string
	}{
		{1, 1, ""},
		{[]any{1, map[string]any{"a": nil}}, []any{1, map[string]any{"a": nil}}, ""},
		{now, now.Round(0), "lost its monotonic clock reading"},
		{now.UTC().Round(0), now.UTC().Round(0), ""},
		{now, now.Add(time.Hour), "is 2"},
		{nil, 1, "was nil"},
		{int64(1), uint8(1), "is uint8 and was int64"},
		{hidden{1}, hidden{2}, "n is 2 and was 1"},
		{[]byte{1}, []byte{2}, "[0] is 2 and was 1"},
		{"a", "b", `is "b" and was "a"`},
		{map[string]int{"a": 1}, map[string]int{"a": 1, "b": 2}, "has 2 keys and had 1"},
		{big.NewInt(5), big.NewInt(6), "abs[0] is 6 and was 5"},
	} {
		text := difference("", valueOf(test.want), valueOf(test.got))
		if (text == "") != (test.text == "") || !strings.Contains(text, test.text) {
			t.Errorf("%v and %v: %q, want %q in it", test.want, test.got, text, test.text)
		}
	}
}

func TestCopied(t *testing.T) {
	type embedded struct{ List []int }
	type node struct {
		embedded
		Self  *node
		Any   any
		Map   map[string][]int
		Array [1][]int
		Proto *durationpb.Duration
		At    time.Time
	}
	v := &node{
		embedded: embedded{[]int{1}}, Any: []any{[]int{1}}, Map: map[string][]int{"a": {1}},
		Array: [1][]int{{1}}, Proto: durationpb.New(1), At: time.Now(),
	}
	v.Self = v
	c := copied(v)
	if c == v || c.Self != c {
		t.Error("a cycle is not copied as one")
	}
	v.Self, c.Self = nil, nil
	if !c.At.Equal(v.At) || c.Proto.Nanos != 1 {
		t.Errorf("the copy is %+v", c)
	}
	v.List[0], v.Any.([]any)[0].([]int)[0], v.Map["a"][0] = 2, 2, 2
	v.Array[0][0], v.Proto.Nanos = 2, 2
	if c.List[0] != 1 || c.Any.([]any)[0].([]int)[0] != 1 || c.Map["a"][0] != 1 ||
		c.Array[0][0] != 1 || c.Proto.Nanos != 1 {
		t.Errorf("the copy shares memory: %+v", c)
	}
}
