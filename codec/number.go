package codec

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// isNumber reports whether values of t are numbers.
func isNumber(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		return true
	}
	return t == jsonNumber
}

// whole returns an integer for a float without a fraction, since the shortest text of a float may
// not be exact. It does so too for a json.Number such as 32.0.
func whole(v reflect.Value) (any, bool) {
	x := new(big.Float)
	switch {
	case v.Type() == jsonNumber:
		text := v.String()
		digits, _, _ := strings.Cut(strings.ToLower(text), "e")
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(f) >= 1<<64 || !strings.ContainsAny(text, ".eE") ||
			f == 0 && strings.ContainsAny(digits, "123456789") {
			return nil, false
		}
		if x, _, err = big.ParseFloat(text, 10, precision, big.ToNearestEven); err != nil {
			return nil, false
		}
	case v.CanFloat() && !math.IsNaN(v.Float()):
		x.SetFloat64(v.Float())
	default:
		return nil, false
	}
	if !x.IsInt() {
		return nil, false
	}
	if n, accuracy := x.Int64(); accuracy == big.Exact {
		return n, true
	}
	n, accuracy := x.Uint64()
	return n, accuracy == big.Exact
}

// precision is in bits. Every integer and float has less.
const precision = 128

// isDecimal reports whether text is a number. encoding/json would write an empty json.Number as 0.
func isDecimal(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// keepsFloat reports whether t can hold f: an integer exactly, a fraction rounded.
func keepsFloat(f float64, t reflect.Type) bool {
	return t.Kind() == reflect.Float64 || f != math.Trunc(f) || float64(float32(f)) == f
}

// sameNumber reports whether two texts are the same number. It compares integers exactly, and
// others as rounded floats.
func sameNumber(put, back string) bool {
	if put == back {
		return true
	}
	a, err1 := strconv.ParseFloat(put, 64)
	b, err2 := strconv.ParseFloat(back, 64)
	if err1 != nil || err2 != nil {
		return false
	}
	if strings.ContainsAny(put, ".eE") {
		return a == b || float32(a) == float32(b)
	}
	// A float is written with the fewest digits that identify it. These may not be its exact value.
	c, _ := strconv.ParseFloat(back, 32)
	x, _, err1 := big.ParseFloat(put, 10, precision, big.ToNearestEven)
	return err1 == nil && (x.Cmp(big.NewFloat(b)) == 0 || x.Cmp(big.NewFloat(c)) == 0)
}
