package codec

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"
)

type (
	named     string
	level     int8
	flag      bool
	blob      []byte
	namedList []named
)

// even is a string that decodes texts of even length only.
type even string

func (e *even) UnmarshalText(text []byte) error {
	if len(text)%2 != 0 {
		return errors.New("odd")
	}
	*e = even(text)
	return nil
}

type assignCase struct {
	dst, value, want any
	fits             bool
}

func fits[T any](value any, want T) assignCase { return assignCase{new(T), value, want, true} }

// misfits expects that value does not fit a T.
func misfits[T any](value any) assignCase { return assignCase{dst: new(T), value: value} }

func TestAssign(t *testing.T) {
	text, number := "x", 32
	at := time.Date(2024, 2, 29, 1, 2, 3, 0, time.UTC)
	tests := []assignCase{
		// Values that Go can assign.
		fits(3, 3), fits("x", "x"), fits[any](3, 3), fits([]int{1}, []int{1}), fits(&number,
			&number), fits[error](errors.ErrUnsupported, errors.ErrUnsupported),
		fits[namedList]([]named{"a"},
			namedList{"a"}), misfits[error]("x"), misfits[fmt.Stringer](3),

		// Integers.
		fits[int8](int(-128), -128), misfits[int8](128), misfits[int8](-129), fits[uint8](255,
			255), misfits[uint8](256), misfits[uint](-1),
		fits[int64](uint64(math.MaxInt64),
			math.MaxInt64), misfits[int64](uint64(math.MaxInt64 + 1)), fits[uint64](
			uint64(math.MaxUint64), math.MaxUint64),
		fits[level](5, 5), misfits[level](200), fits(level(5), 5), fits(5,
			time.Duration(5)), fits[uintptr](5, 5),

		// Floats into integers.
		fits(32.0, 32), misfits[int](3.5), fits(-32.0,
			-32), misfits[uint](-1.0), misfits[int8](300.0), misfits[int](math.NaN()), misfits[int](
			math.Inf(1)),
		misfits[int](math.Inf(-1)), misfits[uint64](math.Inf(1)),
		misfits[int64](float64(1 << 63)), fits[uint64](float64(1<<63),
			1<<63), misfits[uint64](float64(1<<63) * 2), fits[int64](
			-float64(1<<63), math.MinInt64),
		misfits[int64](-float64(1<<63) * 2),

		// Integers and floats into floats.
		fits(3, 3.0), fits(-3, -3.0), fits(int64(1<<53), float64(1<<53)),
		misfits[float64](int64(1<<53 + 1)), misfits[float64](int64(-(1<<53 + 1))),
		misfits[float64](uint64(math.MaxUint64)),
		misfits[float64](int64(math.MaxInt64)), fits[float64](int64(math.MinInt64),
			-(1 << 63)), fits[float64](uint64(1<<63), 1<<63),
		misfits[float32](1<<24 + 1), fits[float32](1<<24, 1<<24), fits[float32](0.5,
			0.5), fits[float32](0.1, 0.1), fits(float32(0.1), float64(float32(0.1))),
		fits[float32](math.Inf(1), float32(math.Inf(1))), misfits[float32](1e300),

		// json.Number.
		fits(json.Number("32"), 32), fits(json.Number("32.0"), 32), fits(json.Number("3.2e1"),
			32), fits(json.Number("320E-1"), 32), fits(json.Number("-0.0"), 0),
		misfits[int](json.Number("32.5")), misfits[int](json.Number("1e999999999")), misfits[int](
			json.Number("1e9223372036854775807")), misfits[int](
			json.Number("1e-999999999")), misfits[int8](json.Number("300")),
		misfits[int](json.Number("32.00000000000000000001")), misfits[int](
			json.Number("")), misfits[int](json.Number("x")), misfits[int](json.Number("-")),
		misfits[uint](json.Number("-1")), fits[uint64](json.Number("18446744073709551615"),
			math.MaxUint64), misfits[uint64](json.Number("18446744073709551616")),
		fits[int64](json.Number("-9223372036854775808"),
			math.MinInt64), misfits[int64](json.Number("-9223372036854775809")), misfits[int64](
			json.Number("9223372036854775808")),
		fits(json.Number("0.1"), 0.1), fits(json.Number("1.8446744073709552e19"),
			float64(1<<63)*2), misfits[float64](json.Number("9007199254740993")),
		fits(json.Number("9007199254740992"),
			float64(1<<53)), misfits[float64](json.Number("100000000000000000000000")),
		fits(json.Number("10000000000000000000000"), 1e22), fits(json.Number("1e23"),
			1e23), misfits[float64](json.Number("1e400")), misfits[float64](json.Number("x")),
		fits[float32](json.Number("0.1"), 0.1), fits(json.Number("1.50"),
			json.Number("1.50")), misfits[string](json.Number("1")), misfits[named](
			json.Number("1")),
		fits("1", json.Number("1")), fits(1, json.Number("1")),

		// No conversions between kinds.
		misfits[int]("3"), misfits[string](3), misfits[string]([]byte("x")), misfits[[]byte](
			"x"), fits("eA==", []byte("x")),
		misfits[bool](1), misfits[int](true), misfits[string]('x'),
		misfits[complex128](1), fits(map[string]any{"A": 1}, struct{ A int }{1}),
		misfits[struct{ A int }](map[string]any{"A": 1, "B": 2}),
		misfits[struct{ A int }](map[string]any{"A": nil}),

		// Named types of the same kind.
		fits[named]("x", "x"), fits(named("x"), "x"), fits[flag](true, true), fits(flag(true),
			true), fits[blob]([]byte("x"), blob("x")), fits(blob("x"), []byte("x")),

		// Pointers and nil.
		fits("x", &text), fits(32.0, &number), misfits[*int]("x"), fits[*int](nil,
			nil), fits[[]int](nil, nil), fits[map[string]int](nil, nil), fits[any](nil, nil),
		fits[sql.NullString](nil, sql.NullString{}),
		misfits[int](nil), misfits[string](nil), misfits[struct{}](nil), fits(&text, "x"),
		misfits[[1]int](nil),

		// Element by element.
		fits([]any{"a", "b"},
			[]string{"a", "b"}), misfits[[]string]([]any{"a", 1}), fits([]any{1, 2.0}, []int{1,
			2}), misfits[[]string]([]any{nil}), fits([]any{nil}, []*int{nil}),
		fits([]any{[]any{1}}, [][]int{{1}}), fits([]string{"a"}, []any{"a"}), fits([2]int{1, 2},
			[]int8{1, 2}), fits([]any{1, 2}, [2]int{1, 2}), misfits[[2]int]([]int{1}),
		fits[[]string]([]any(nil), nil), fits([]any{},
			[]string{}), misfits[[]int](3), misfits[[2]int](3), misfits[map[string]int](3),
		fits(map[string]any{"a": 1}, map[string]int{"a": 1}), fits(map[named]int{"a": 1},
			map[string]int{"a": 1}), misfits[map[string]int](map[string]any{"a": "x"}),
		fits(map[string]any{"1": 1}, map[int]int{1: 1}), misfits[map[int]int](
			map[string]any{"a": 1}), fits[map[string]int](map[string]any(nil), nil),
		misfits[map[int64]int](map[any]int{1: 1,
			int64(1): 2}), fits(map[string]any{"a": []any{1.0}}, map[string][]int{"a": {1}}),

		// Text.
		fits(1, big.NewInt(1)), fits("2024-02-29T01:02:03Z",
			at), misfits[time.Time]("yesterday"), misfits[time.Time](3), fits(
			"2024-02-29T01:02:03Z", &at), fits[even]("ab", "ab"), misfits[even]("abc"),
		misfits[even](json.Number("12")),
		fits([]any{"2024-02-29T01:02:03Z"}, []time.Time{at}), fits(named("2024-02-29T01:02:03Z"),
			at),
	}
	for _, test := range tests {
		dst := reflect.ValueOf(test.dst).Elem()
		t.Run(fmt.Sprintf("%T %v into %s", test.value, test.value, dst.Type()), func(t *testing.T) {
			for _, f := range []format{jsonFormat{}, msgpackFormat{}} {
				v, ok := docs{f}.convert(dst.Type(), test.value)
				if ok != test.fits {
					t.Errorf("%s: fits: %t, want %t; result %v", f.name(), ok, test.fits, v)
					continue
				}
				if ok && !reflect.DeepEqual(v.Interface(), test.want) {
					t.Errorf("%s: assigned %#v, want %#v", f.name(), v.Interface(), test.want)
				}
			}
		})
	}
}
