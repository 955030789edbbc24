package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"reflect"
)

// widths are the widths of the integers in some data.
type widths struct {
	bits     int // of the widest one, as a signed integer with its sign
	natural  int // of the widest one, as an unsigned integer
	negative bool
}

// add notes an integer with a given code.
func (w *widths) add(code byte, payload []byte) {
	n := natural(payload)
	if code >= codeInt8 {
		shift := 64 - 8*len(payload)
		signed := int64(n<<shift) >> shift
		if signed < 0 {
			w.negative = true
			w.bits = max(w.bits, 1+bits.Len64(uint64(^signed)))
			return
		}
		n = uint64(signed)
	}
	w.bits, w.natural = max(w.bits, 1+bits.Len64(n)), max(w.natural, bits.Len64(n))
}

// narrowest holds the widths of the narrowest integers of a type.
type narrowest struct{ signed, unsigned int } // bits, or 0 for none

func (n *narrowest) add(t reflect.Type) {
	least := &n.signed
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		least = &n.unsigned
	case reflect.Float32, reflect.Float64: // the library reads 1<<63 as a negative float
		if n.signed == 0 {
			n.signed = 64
		}
		return
	default:
		return
	}
	if *least == 0 || t.Bits() < *least {
		*least = t.Bits()
	}
}

// misses reports whether some integer may be too wide for some field.
func (n narrowest) misses(w widths) bool {
	return n.signed > 0 && w.bits > n.signed ||
		n.unsigned > 0 && (w.natural > n.unsigned || w.negative)
}

// misfit looks for an integer in data that does not fit its field. In one pass, it follows what the
// library decodes. It returns the path to the field.
func (f *facts) misfit(data []byte) (path string, found bool) {
	r := msgpackReader{data: data}
	_, path, ok := f.fit(&r, 0)
	return path, !ok
}

// fit passes over the value at pos, which decodes into the type of f. A nil f means any type. If ok
// is false, path leads to the integer that does not fit.
func (f *facts) fit(r *msgpackReader, pos int) (behind int, path string, ok bool) {
	if f == nil || f.self || f.narrow == (narrowest{}) {
		behind, err := r.values(pos, len(r.data), 1, 0)
		return behind, "", err == nil
	}
	kind, n, rest := header(r.data[pos:])
	at := len(r.data) - len(rest)
	switch {
	case kind == codeArray16 && f.fields != nil:
		for i := range n {
			var to *facts
			if i < len(f.order) {
				to = f.order[i]
			}
			if at, path, ok = to.fit(r, at); !ok {
				return at, under(fmt.Sprintf("[%d]", i), path), false
			}
		}
		return at, "", true
	case kind == codeArray16 && f.elem != nil && f.key == nil:
		for range n {
			if at, path, ok = f.elem.fit(r, at); !ok {
				return at, under("[]", path), false
			}
		}
		return at, "", true
	case kind == codeMap16 && (f.fields != nil || f.key != nil):
		return f.fitMembers(r, at, n)
	}
	one := msgpackReader{data: r.data}
	behind, err := one.values(pos, len(r.data), 1, 0)
	if err != nil || kind != 0 {
		return behind, "", err == nil
	}
	var least narrowest
	least.add(f.typ)
	return behind, "", !least.misses(one.widest)
}

// fitMembers passes over n members from pos on.
func (f *facts) fitMembers(r *msgpackReader, pos, n int) (behind int, path string, ok bool) {
	for range n {
		key, name := pos, "[key]" // a key of a map is part of the value and must not show
		if pos, _, ok = f.key.fit(r, pos); !ok {
			return pos, name, false
		}
		to := f.elem
		if f.fields != nil {
			own := string(textOf(r.data[key:pos]))
			if to = f.fields[own]; to != nil {
				name = own
			}
		}
		if pos, path, ok = to.fit(r, pos); !ok {
			return pos, under(name, path), false
		}
	}
	return pos, "", true
}

// under returns the path of a value at path within name.
func under(name, path string) string {
	if path == "" || path[0] == '[' {
		return name + path
	}
	return name + "." + path
}

// integral returns data with floats without a fraction replaced by integers.
func integral(data []byte) []byte {
	var out []byte
	at := 0
	r := msgpackReader{data: data, float: func(pos int, value float64, behind int) {
		if value != math.Trunc(value) || math.Abs(value) > 1<<53 ||
			value == 0 && math.Signbit(value) {
			return
		}
		out = append(out, data[at:pos]...)
		out = append(out, codeInt64)
		out = binary.BigEndian.AppendUint64(out, uint64(int64(value)))
		at = behind
	}}
	_ = r.sequence(0, len(data), 0)
	if at == 0 {
		return data
	}
	return append(out, data[at:]...)
}
