package codectest

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/activettl/rediscache/codec"
)

// clonesShareNothing checks a codec.Cloner: a clone must be equal to the value, and share no memory
// with it.
func (p *probe[V]) clonesShareNothing(s *sample[V]) (err error) {
	defer p.guard("Clone", &err)
	cloner, _ := codec.ClonerOf(p.suite.Codec)
	v := s.value
	clone := cloner.Clone(v)
	if !p.equal(v, clone) && !p.equal(s.want, clone) {
		return p.same(v, clone, "the clone is not the value")
	}
	seen := map[unsafe.Pointer]bool{}
	references(reflect.ValueOf(&v).Elem(), func(at unsafe.Pointer) bool {
		known := seen[at]
		seen[at] = true
		return !known
	})
	var shared error
	met := map[unsafe.Pointer]bool{}
	references(reflect.ValueOf(&clone).Elem(), func(at unsafe.Pointer) bool {
		if seen[at] {
			shared = fmt.Errorf("the clone shares memory with the value: %T", v)
		}
		known := met[at]
		met[at] = true
		return !known
	})
	return shared
}

// references calls met with each address to which exported fields of v refer. It follows the
// address if met returns true.
func references(v reflect.Value, met func(unsafe.Pointer) bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Type().Elem().Size() > 0 && met(v.UnsafePointer()) {
			references(v.Elem(), met)
		}
	case reflect.Slice:
		if v.Len() == 0 || v.Type().Elem().Size() == 0 || !met(v.UnsafePointer()) {
			return
		}
		for i := range v.Len() {
			references(v.Index(i), met)
		}
	case reflect.Map:
		if v.Len() == 0 || !met(v.UnsafePointer()) {
			return
		}
		for _, key := range v.MapKeys() {
			references(v.MapIndex(key), met)
		}
	case reflect.Array:
		for i := range v.Len() {
			references(v.Index(i), met)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				references(v.Field(i), met)
			}
		}
	case reflect.Interface:
		if !v.IsNil() {
			references(v.Elem(), met)
		}
	}
}
