package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// shape is what a type tells about its values before they are encoded. A pointer has the shape of
// the type that it points to.
type shape struct {
	typ       reflect.Type
	key, elem *shape   // of a map; elem also of a list
	at        [][]int  // the indices of the encoded fields of a struct
	of        []*shape // the shapes of these fields

	own     bool // the type encodes itself
	endless bool // a struct for which the encoder does not return
	pairs   bool // its methods decode the form that its methods encode

	// Of the type and all types in it:
	deep   bool // values can hold themselves, or nest without a limit
	unsure bool // some values encode themselves and may not decode
	self   bool // some values encode themselves, or are a json.Number
}

// shapeOf returns the shape of a type in a format.
func (d docs) shapeOf(t reflect.Type) *shape {
	return learned(&d.tables().shapes, t, func() *shape {
		all := map[reflect.Type]*shape{}
		root := d.draw(t, all)
		for _, one := range all {
			one.sum(one, nil, map[*shape]bool{})
		}
		return root
	})
}

// encodesItself reports whether a type, or the type that it points to, has methods that encode it.
func (d docs) encodesItself(t reflect.Type) bool { return d.shapeOf(t).own }

// draw returns the shape of t. It adds the shapes of t and of all inner types to all.
func (d docs) draw(t reflect.Type, all map[reflect.Type]*shape) *shape {
	t = pointee(t)
	if known := all[t]; known != nil {
		return known
	}
	one := &shape{typ: t, pairs: true}
	all[t] = one
	if t == jsonNumber || implements(t, d.self()) {
		one.own, one.self, one.pairs = t != jsonNumber, true, d.pairs(t)
		return one
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		one.elem = d.draw(t.Elem(), all)
	case reflect.Map:
		one.key, one.elem = d.draw(t.Key(), all), d.draw(t.Elem(), all)
		one.pairs = d.pairsAsKey(t.Key())
	case reflect.Struct:
		if one.endless = d.endless(t); one.endless {
			break
		}
		for _, f := range d.fields(t).all() {
			one.at, one.of = append(one.at, f.index), append(one.of, d.draw(f.typ, all))
		}
	}
	return one
}

// pairs reports whether a type decodes itself with the method that belongs to the one that encodes
// it.
func (d docs) pairs(t reflect.Type) bool {
	to := reflect.PointerTo(t)
	writes := firstOf(to, d.encoders())
	plain := firstOf(t, d.encoders()) // where t has no address, as in a map
	return writes == firstOf(to, d.decoders()) && (plain < 0 || plain == writes)
}

// firstOf returns the index of the first interface that t has, or -1.
func firstOf(t reflect.Type, interfaces []reflect.Type) int {
	return slices.IndexFunc(interfaces, t.Implements)
}

// sum adds the properties of in and of all inner types. around are the types that contain in.
func (s *shape) sum(in *shape, around []*shape, seen map[*shape]bool) {
	if in == nil {
		return
	}
	s.deep = s.deep || slices.Contains(around, in)
	if seen[in] {
		return
	}
	seen[in] = true
	around = append(around, in)
	s.self = s.self || in.self
	s.unsure = s.unsure || !in.pairs
	kind := in.typ.Kind()
	s.deep = s.deep || in.endless || kind == reflect.Interface ||
		kind == reflect.Pointer // it points to itself
	for _, inner := range append([]*shape{in.key, in.elem}, in.of...) {
		s.sum(inner, around, seen)
	}
}

// embedsItself reports whether t embeds the type itself, at any depth.
func embedsItself(t, itself reflect.Type, seen []reflect.Type) bool {
	for i := range t.NumField() {
		inner := pointee(t.Field(i).Type)
		if !t.Field(i).Anonymous || inner.Kind() != reflect.Struct {
			continue
		}
		if inner == itself || !slices.Contains(seen, inner) &&
			embedsItself(inner, itself, append(seen, inner)) {
			return true
		}
	}
	return false
}

// walk looks at a value before it is encoded, since some encoders recurse without a limit.
type walk struct {
	docs
	odd     bool // an interface holds what may not decode
	deepest int  // the largest depth so far
}

// readable returns an error if data, encoded from a value of this shape, does not decode.
func (w *walk) readable(s *shape, data []byte, decode func(data []byte) error) error {
	switch {
	case s.unsure || w.odd:
		if decode(data) != nil {
			return fmt.Errorf("%s: Go type %v holds a value that would not decode", w.name(), s.typ)
		}
	case s.self || w.deepest > maxNesting: // types that encode themselves may nest to any depth
		return w.valid(data)
	}
	return nil
}

// over notes a depth, and reports whether it is too deep.
func (w *walk) over(depth int) bool {
	w.deepest = max(w.deepest, depth)
	return depth > mostSteps
}

// mostSteps is the depth that no decodable value exceeds: one level of nesting may be a pointer, an
// interface and a container.
const mostSteps = 3 * maxNesting

// tooDeep reports whether a value holds itself, or nests too deep to be decoded.
func (w *walk) tooDeep(s *shape, v reflect.Value, depth int) bool {
	if !s.deep {
		return false
	}
	if w.over(depth) || s.endless {
		return true
	}
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && w.tooDeep(s, v.Elem(), depth+1)
	case reflect.Interface:
		return !v.IsNil() && w.plainTooDeep(v.Elem().Interface(), depth+1)
	case reflect.Slice, reflect.Array:
		if !s.elem.deep {
			return false
		}
		for i := range v.Len() {
			if w.tooDeep(s.elem, v.Index(i), depth+1) {
				return true
			}
		}
	case reflect.Map:
		for all := v.MapRange(); all.Next(); {
			if s.key.deep && w.tooDeep(s.key, all.Key(), depth+1) ||
				s.elem.deep && w.tooDeep(s.elem, all.Value(), depth+1) {
				return true
			}
		}
	case reflect.Struct:
		for i, of := range s.of {
			if !of.deep {
				continue
			}
			at, err := v.FieldByIndexErr(s.at[i]) // an error means a nil on the way
			if err == nil && w.tooDeep(of, at, depth+1) {
				return true
			}
		}
	}
	return false
}

// holds is tooDeep for a whole value. It also returns true if it cannot look at the value.
func (w *walk) holds(s *shape, v reflect.Value) (held bool) {
	defer func() {
		if recover() != nil {
			held = true
		}
	}()
	return s.deep && w.tooDeep(s, v, 0)
}

// anyTooDeep is tooDeep for the value of an interface.
func (w *walk) anyTooDeep(v reflect.Value, depth int) bool {
	if w.over(depth) {
		return true
	}
	s := w.shapeOf(v.Type())
	w.odd = w.odd || !w.readsAny(s)
	return w.tooDeep(s, v, depth)
}

// plainTooDeep is tooDeep for any value. It is fast for values that were decoded from a document.
func (w *walk) plainTooDeep(x any, depth int) bool {
	switch x := x.(type) {
	case nil, string, bool, float64, float32, int, int8, int16, int32, int64,
		uint, uint8, uint16, uint32, uint64, []byte, []string, time.Time:
		return false
	case map[string]any:
		for _, e := range x {
			if w.over(depth) || w.plainTooDeep(e, depth+1) {
				return true
			}
		}
		return false
	case []any:
		for _, e := range x {
			if w.over(depth) || w.plainTooDeep(e, depth+1) {
				return true
			}
		}
		return false
	}
	return w.anyTooDeep(reflect.ValueOf(x), depth)
}

var jsonNumber = reflect.TypeFor[json.Number]()
