package codec

import (
	"encoding"
	"reflect"
	"slices"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
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

var msgpackNaming = naming{
	codec: "msgpack",
	self:  msgpackEncoderTypes,
	list:  func(t reflect.Type) map[string][]int { return listMsgpackFields(t, nil).index },
}

// msgpackFields mirrors the library's fields (getFields in its types.go). Unlike encoding/json it
// goes by the order of the fields and not by depth: where a name is taken twice, the later field
// gets it.
type msgpackFields struct {
	index map[string][]int // what a name means; aliases included
	order []string         // names that an embedding struct would inline
	taken map[string]bool  // names that stop inlining, those of inlined structs included
}

func (f *msgpackFields) add(name string, index []int) {
	f.index[name] = index
	f.order = append(f.order, name)
	f.taken[name] = true
}

// listMsgpackFields needs the types around t to stop at one that embeds itself, where the library
// would not return.
func listMsgpackFields(t reflect.Type, around []reflect.Type) *msgpackFields {
	fields := &msgpackFields{index: make(map[string][]int), taken: make(map[string]bool)}
	if slices.Contains(around, t) {
		return fields
	}
	around = append(around, t)
	for i := range t.NumField() {
		f := t.Field(i)
		name, options := parseMsgpackTag(f.Tag.Get("msgpack"))
		if name == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if _, noinline := options["noinline"]; f.Anonymous && !noinline {
			_, forced := options["inline"]
			if fields.inline(f.Type, i, forced, around) {
				fields.taken[name] = true
				continue
			}
		}
		fields.add(name, []int{i})
		if alias, ok := options["alias"]; ok {
			fields.index[alias] = []int{i}
			fields.taken[alias] = true
		}
	}
	return fields
}

// inline takes over the fields of an embedded struct and reports whether it did. Unless forced by
// the tag, it does so only if none of its names is taken and the struct has no encoding of its own.
func (f *msgpackFields) inline(t reflect.Type, at int, forced bool, around []reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	if !forced && (implements(t, msgpackEncoderTypes) || implements(t, msgpackDecoderTypes)) {
		return false
	}
	inner := listMsgpackFields(t, around)
	taken := func(name string) bool { return f.taken[name] }
	if !forced && slices.ContainsFunc(inner.order, taken) {
		return false
	}
	for _, name := range inner.order {
		if !f.taken[name] {
			f.add(name, append([]int{at}, inner.index[name]...))
		}
	}
	return true
}

// parseMsgpackTag reads `name,option,key:value`, and `key:value` in the place of the name, as the
// library's tag parser does. It does not know that parser's quotes.
func parseMsgpackTag(tag string) (name string, options map[string]string) {
	options = make(map[string]string)
	for i, part := range strings.Split(tag, ",") {
		key, value, _ := strings.Cut(part, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if i == 0 && !strings.Contains(part, ":") {
			name = key
			continue
		}
		options[key] = value
	}
	return name, options
}
