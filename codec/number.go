package codec

import (
	"math"
	"reflect"
	"strconv"
	"strings"
)

// isNumber reports whether values of t are numbers: integers, floats, and json.Number as a source.
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

// assignNumber sets dst to the number in src and reports whether dst holds exactly that number. The
// exceptions are a fraction and a json.Number with an exponent: floats take the nearest, as they do
// when JSON is decoded.
func assignNumber(dst, src reflect.Value) bool {
	if src.Type() == jsonNumber {
		return assignDecimal(dst, src.String())
	}
	switch {
	case src.CanInt():
		return assignInteger(dst, src.Int() < 0, uint64(src.Int()))
	case src.CanUint():
		return assignInteger(dst, false, src.Uint())
	}
	f := src.Float()
	if dst.CanFloat() {
		return setFloat(dst, f)
	}
	// 2^63 and 2^64 are floats, the greatest integers below them are not, so the bounds are
	// exclusive.
	switch {
	case f != math.Trunc(f):
		return false
	case f < 0:
		return f >= -1<<63 && assignInteger(dst, true, uint64(int64(f)))
	}
	return f < 1<<64 && assignInteger(dst, false, uint64(f))
}

// assignInteger takes an integer as its 64 bits and whether these are a negative int64.
func assignInteger(dst reflect.Value, negative bool, bits uint64) bool {
	switch {
	case dst.CanInt():
		n := int64(bits)
		if n < 0 != negative || dst.OverflowInt(n) {
			return false
		}
		dst.SetInt(n)
		return true
	case dst.CanUint():
		if negative || dst.OverflowUint(bits) {
			return false
		}
		dst.SetUint(bits)
		return true
	case dst.CanFloat():
		if negative {
			f := float64(int64(bits))
			return int64(f) == int64(bits) && setFloat(dst, f)
		}
		f := float64(bits)
		return f < 1<<64 && uint64(f) == bits && setFloat(dst, f)
	}
	return false // a json.Number field takes only a json.Number
}

func setFloat(dst reflect.Value, f float64) bool {
	// An integer must stay that integer. A fraction is no more exact before than after.
	if dst.Kind() == reflect.Float32 && float64(float32(f)) != f && f == math.Trunc(f) {
		return false
	}
	dst.SetFloat(f)
	return true
}

// assignDecimal takes a number as JSON writes it.
func assignDecimal(dst reflect.Value, text string) bool {
	if dst.CanFloat() {
		f, err := strconv.ParseFloat(text, dst.Type().Bits())
		if err != nil {
			return false
		}
		dst.SetFloat(f)
		// With a given precision FormatFloat writes all digits of the float and not the fewest that
		// tell it apart.
		return strings.ContainsAny(text, ".eE") || strconv.FormatFloat(f, 'f', 0, 64) == text
	}
	negative, digits, ok := integerDigits(text)
	if !ok {
		return false
	}
	if negative {
		n, err := strconv.ParseInt("-"+digits, 10, 64)
		return err == nil && assignInteger(dst, n < 0, uint64(n))
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return err == nil && assignInteger(dst, false, n)
}

// integerDigits writes out a decimal like 32, 32.0 or 3.2e1 if it is an integer of at most 20
// digits, which any 64-bit integer is. It never raises ten to the exponent, which an attacker
// chooses.
func integerDigits(text string) (negative bool, digits string, ok bool) {
	text, negative = strings.CutPrefix(text, "-")
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e < -1000 || e > 1000 {
			return false, "", false
		}
		mantissa, exponent = text[:i], e
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false, "", false
	}
	exponent -= len(fraction)
	for ; exponent < 0 && strings.HasSuffix(digits, "0"); exponent++ {
		digits = digits[:len(digits)-1]
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return negative, "0", true
	}
	if exponent < 0 || len(digits)+exponent > 20 {
		return false, "", false
	}
	return negative, digits + strings.Repeat("0", exponent), true
}
