package codec

import (
	"fmt"
	"reflect"
	"time"
)

// facts are what matters about a type when its values are decoded from MessagePack. A pointer has
// the facts of the type that it points to.
type facts struct {
	typ     reflect.Type
	self    bool              // the type encodes itself
	endless bool              // a struct that embeds itself: the library does not return
	key     *facts            // the key of a map
	elem    *facts            // the values of a map, or the elements of a list
	fields  map[string]*facts // the fields of a struct, by name
	order   []*facts          // of a struct that is encoded as a list; nil for a skipped field

	throughPointer bool // a struct with fields behind embedded pointers

	// Of the type and all types in it:
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

// learn returns the facts of t. It adds them and those of all inner types to all.
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

// sum adds the facts of in and of all inner types.
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

// shallow reports whether values of t hold no other values.
func shallow(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Array, reflect.Map,
		reflect.Struct:
		return false
	}
	return true
}

// toUTC sets all times in v to UTC.
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
				continue // the key is NaN, which finds no entry
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
