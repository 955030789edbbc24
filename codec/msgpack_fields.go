package codec

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/tagparser/v2"
)

var (
	msgpackEncoderTypes = []reflect.Type{
		reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.Marshaler](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	}
	msgpackDecoderTypes = []reflect.Type{
		reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler](),
		reflect.TypeFor[encoding.BinaryUnmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

var msgpackSelf = slices.Concat(msgpackEncoderTypes, msgpackDecoderTypes)

func (f msgpackFormat) fields(t reflect.Type) *structFields {
	return learned(&f.tables().fields, t, func() *structFields { return f.fieldsOf(t) })
}

func (f msgpackFormat) fieldsOf(t reflect.Type) *structFields {
	listed := f.collect(t, nil)
	fields := &structFields{named: map[string]*structField{}, lost: listed.lost}
	made := map[string]*structField{} // by index
	for name, index := range listed.index {
		key := fmt.Sprint(index)
		s := made[key]
		if s == nil {
			sf := t.FieldByIndex(index)
			if !settable(t, index) {
				fields.hidden = append(fields.hidden, name)
				continue
			}
			s = &structField{index: index, typ: sf.Type, alone: alone(sf, sf.Type)}
			made[key] = s
		}
		s.names = append(s.names, name)
		fields.named[name] = s
	}
	for _, name := range listed.order {
		s := fields.named[name]
		fields.order = append(fields.order, s) // also a nil, to keep the positions
		if s != nil && s.names[0] != name {
			slices.SortFunc(s.names, func(a, b string) int { // the name before its aliases
				if a == name {
					return -1
				}
				if b == name {
					return 1
				}
				return strings.Compare(a, b)
			})
		}
	}
	return fields
}

// settable reports whether a field can be set. A field behind an embedded pointer to an unexported
// struct cannot: reflection cannot allocate that struct. Decode refuses such a field too.
func settable(t reflect.Type, index []int) bool {
	for i, x := range index {
		if i > 0 && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		f := t.Field(x)
		last := i == len(index)-1
		if !f.IsExported() && (last || f.Type.Kind() == reflect.Pointer) {
			return false
		}
		t = f.Type
	}
	return true
}

// msgpackFields mirrors the fields of the library (getFields in its types.go). Unlike
// encoding/json, the library goes by the order of the fields and not by depth. If two fields have
// one name, the later field gets it.
type msgpackFields struct {
	index map[string][]int // the field of each name; aliases included
	order []string         // names that an embedding struct would inline
	taken map[string]bool  // names that stop inlining, those of inlined structs included
	lost  []string         // names of more than one field
}

func (f *msgpackFields) add(name string, index []int) {
	if len(f.index[name]) == len(index) { // otherwise the deeper one is hidden, as in Go
		f.lost = append(f.lost, name)
	}
	f.index[name] = index
	f.order = append(f.order, name)
	f.taken[name] = true
}

// collect returns the fields of t. around are the structs that embed t. collect stops at a struct
// that embeds itself; the library would not return.
func (f msgpackFormat) collect(t reflect.Type, around []reflect.Type) *msgpackFields {
	fields := &msgpackFields{index: make(map[string][]int), taken: make(map[string]bool)}
	if slices.Contains(around, t) {
		return fields
	}
	around = append(around, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := tagparser.Parse(f.tag(sf))
		name := tag.Name
		if name == "-" || !sf.IsExported() && !sf.Anonymous {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		if sf.Anonymous && !tag.HasOption("noinline") {
			if f.inline(fields, sf.Type, i, tag.HasOption("inline"), around) {
				if fields.index[name] != nil { // a field of the embedded struct
					fields.lost = append(fields.lost, name)
				}
				fields.taken[name] = true
				continue
			}
		}
		fields.add(name, []int{i})
		if alias, ok := tag.Options["alias"]; ok {
			fields.index[alias] = []int{i}
			fields.taken[alias] = true
		}
	}
	return fields
}

// inline adds the fields of an embedded struct, and reports whether it did. Unless the tag forces
// it, it does so only if none of the names is taken and the struct does not encode itself.
func (f msgpackFormat) inline(
	fields *msgpackFields, t reflect.Type, at int, forced bool, around []reflect.Type,
) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !forced && implements(t, msgpackSelf) {
		return false
	}
	inner := f.collect(t, around)
	fields.lost = append(fields.lost, inner.lost...)
	taken := func(name string) bool { return fields.taken[name] }
	if !forced && slices.ContainsFunc(inner.order, taken) {
		return false
	}
	for _, name := range inner.order {
		if !fields.taken[name] {
			fields.add(name, append([]int{at}, inner.index[name]...))
		}
	}
	return true
}
