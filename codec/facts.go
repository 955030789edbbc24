package codec

import (
	"fmt"
	"reflect"
	"time"
)

// facts are what matters about a type when its values are decoded from MessagePack. Those of
// pointers are those of what they point to.
type facts struct {
	typ     reflect.Type
	self    bool              // it encodes itself
	endless bool              // it is a struct that embeds itself: the library does not return
	key     *facts            // of a map
	elem    *facts            // of a map or a list
	fields  map[string]*facts // of a struct, by their names
	order   []*facts          // of a struct that is encoded as a list; nil for none

	throughPointer bool // it is a struct with fields behind embedded pointers

	// of the type and all that it holds
	embeds bool // there are structs that embed pointers to structs
	narrow narrowest
	err    error
}

func (f msgpackFormat) factsOf(t reflect.Type) *facts {
	return learned(&f.tables().facts, t, func() *facts {
		all := map[reflect.Type]*facts{}
		root := f.learn(t, all)
		for _, one := range all {
			one.sum(one, map[*facts]bool{})
		}
		return root
	})
}

// learn returns the facts of t, and adds those of what it holds to all.
func (f msgpackFormat) learn(t reflect.Type, all map[reflect.Type]*facts) *facts {
	t = pointee(t)
	if known := all[t]; known != nil {
		return known
	}
	one := &facts{typ: t, self: implements(t, msgpackSelf)}
	all[t] = one
	switch kind := t.Kind(); {
	case one.self:
	case (kind == reflect.Slice || kind == reflect.Array) && t.Elem().Kind() != reflect.Uint8:
		one.elem = f.learn(t.Elem(), all)
	case kind == reflect.Map:
		one.key, one.elem = f.learn(t.Key(), all), f.learn(t.Elem(), all)
	case kind == reflect.Struct:
		if one.endless = f.endless(t); one.endless {
			break
		}
		fields := f.fields(t)
		one.fields = make(map[string]*facts, len(fields.named))
		for name, field := range fields.named {
			one.fields[name] = f.learn(field.typ, all)
			one.throughPointer = one.throughPointer || throughPointer(t, field.index)
		}
		for _, field := range fields.order {
			var of *facts
			if field != nil {
				of = one.fields[field.names[0]]
			}
			one.order = append(one.order, of)
		}
	}
	return one
}

// sum adds up what in says and all that it holds.
func (f *facts) sum(in *facts, seen map[*facts]bool) {
	if in == nil || seen[in] {
		return
	}
	seen[in] = true
	f.embeds = f.embeds || in.throughPointer
	switch {
	case in.endless:
		f.err = &msgpackError{fmt.Sprintf("Go type %v embeds itself: name the embedded field",
			in.typ)}
	case !in.self:
		f.narrow.add(in.typ)
	}
	f.sum(in.key, seen)
	f.sum(in.elem, seen)
	for _, inner := range in.fields {
		f.sum(inner, seen)
	}
}

// shallow reports whether values of t hold nothing.
func shallow(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Array, reflect.Map,
		reflect.Struct:
		return false
	}
	return true
}

// toUTC sets all times behind v to UTC.
func toUTC(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		if v.CanSet() {
			v.Set(reflect.ValueOf(v.Interface().(time.Time).UTC()))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			toUTC(v.Elem())
		}
	case reflect.Interface:
		if t, ok := v.Interface().(time.Time); ok && v.CanSet() {
			v.Set(reflect.ValueOf(t.UTC()))
		} else if !v.IsNil() {
			toUTC(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		if shallow(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			toUTC(v.Index(i))
		}
	case reflect.Map:
		if shallow(v.Type().Elem()) {
			return
		}
		for _, key := range v.MapKeys() {
			at := v.MapIndex(key)
			if !at.IsValid() {
				continue // NaN, which leads to no entry
			}
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(at)
			toUTC(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if sf := v.Type().Field(i); sf.IsExported() || sf.Anonymous {
				toUTC(v.Field(i))
			}
		}
	}
}
