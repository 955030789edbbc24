package codectest

import (
	"reflect"
	"unsafe"

	"google.golang.org/protobuf/proto"
)

// copied returns a copy of v that shares no memory with it, except for the targets of unexported
// fields.
func copied[V any](v V) V {
	out := v
	copier{}.detach(reflect.ValueOf(&out).Elem())
	return out
}

// A copier remembers the copies it made, so that cycles end and stay cycles.
type copier map[place]reflect.Value

type place struct {
	at  unsafe.Pointer
	typ reflect.Type
	len int
}

// detach replaces everything to which v refers with copies.
func (c copier) detach(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if !v.IsNil() {
			v.Set(c.copyOf(v))
		}
	case reflect.Interface:
		if !v.IsNil() {
			inner := reflect.New(v.Elem().Type()).Elem()
			inner.Set(v.Elem())
			c.detach(inner)
			v.Set(inner)
		}
	case reflect.Array:
		for i := range v.Len() {
			c.detach(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct {
				c.detach(v.Field(i))
			}
		}
	}
}

// copyOf copies the target of a pointer, slice or map.
func (c copier) copyOf(v reflect.Value) reflect.Value {
	at := place{at: v.UnsafePointer(), typ: v.Type()}
	if v.Kind() == reflect.Slice {
		at.len = v.Len()
	}
	if known, ok := c[at]; ok {
		return known
	}
	switch v.Kind() {
	case reflect.Pointer:
		if m, ok := v.Interface().(proto.Message); ok {
			return reflect.ValueOf(proto.Clone(m)).Convert(v.Type())
		}
		target := reflect.New(v.Type().Elem())
		c[at] = target.Convert(v.Type())
		target.Elem().Set(v.Elem())
		c.detach(target.Elem())
	case reflect.Slice:
		elements := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		c[at] = elements
		reflect.Copy(elements, v)
		if !flat(v.Type().Elem().Kind()) {
			for i := range v.Len() {
				c.detach(elements.Index(i))
			}
		}
	case reflect.Map:
		entries := reflect.MakeMapWithSize(v.Type(), v.Len())
		c[at] = entries
		for it := v.MapRange(); it.Next(); {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(it.Value())
			c.detach(value)
			entries.SetMapIndex(it.Key(), value)
		}
	}
	return c[at]
}

func flat(k reflect.Kind) bool { return k <= reflect.Complex128 || k == reflect.String }
