package codec

import (
	"fmt"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
)

var protoMessage = reflect.TypeFor[proto.Message]()

// check returns an error if the type alone shows that values would not come back.
func (d docs) check(t reflect.Type) error {
	c := checker{docs: d, top: t, seen: map[spot]bool{}}
	return c.walk(spot{t, false, t.Kind() != reflect.Map}, "")
}

type checker struct {
	docs
	top  reflect.Type
	seen map[spot]bool
}

// spot is a type at one place of another type.
type spot struct {
	reflect.Type
	optional    bool // a pointer field, or what it points to
	addressable bool // if not, methods with a pointer receiver do not count
}

// fail returns the error for a place in the type.
func (c *checker) fail(path string, t reflect.Type, what string) error {
	if path == "" {
		return fmt.Errorf("%s: Go type %v %s", c.name(), c.top, what)
	}
	return fmt.Errorf("%s: field %s of Go type %v: %v %s", c.name(), path, c.top, t, what)
}

// walk checks a type and all that it holds.
func (c *checker) walk(s spot, path string) error {
	if c.seen[s] {
		return nil
	}
	c.seen[s] = true
	t := s.Type
	if t.Kind() != reflect.Interface && implements(t, c.self()) {
		return c.selfEncoded(s, path)
	}
	switch t.Kind() {
	case reflect.Pointer:
		if pointee(t).Kind() == reflect.Pointer {
			return c.fail(path, t, "points to itself")
		}
		return c.walk(spot{t.Elem(), s.optional, true}, path)
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Array && t.Len() == 0 {
			return nil
		}
		addressable := s.addressable || t.Kind() == reflect.Slice
		if err := c.walk(spot{t.Elem(), false, addressable}, path+"[]"); err != nil {
			return err
		}
		if shallow(t.Elem()) && !implements(t.Elem(), c.self()) {
			return c.form(t, path)
		}
		return nil
	case reflect.Map:
		if firstOf(t.Key(), c.encoders()) < 0 && !c.hasKeys(t.Key()) {
			return c.fail(path, t, "has keys without an encoded form"+leaveOut(path))
		}
		return c.walk(spot{t.Elem(), false, false}, path+"[key]")
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return c.fail(path, t, "is an interface with methods: nothing in the encoded form "+
				"says which type to decode. Use that type, or one that encodes itself"+hint(c.top))
		}
		return nil
	case reflect.Struct:
		return c.structure(s, path)
	}
	return c.form(t, path)
}

// hasKeys reports whether the encoding has maps with keys of a type that does not encode itself.
func (c *checker) hasKeys(t reflect.Type) bool {
	one := reflect.MakeMap(reflect.MapOf(t, reflect.TypeFor[bool]()))
	one.SetMapIndex(reflect.Zero(t), reflect.ValueOf(true))
	_, err := c.marshal(one.Interface())
	return err == nil
}

// form returns an error for a type without inner types that the encoding does not have.
func (c *checker) form(t reflect.Type, path string) error {
	if _, err := c.marshal(reflect.New(t).Interface()); err != nil {
		return c.fail(path, t, "has no encoded form"+leaveOut(path))
	}
	return nil
}

func (c *checker) structure(s spot, path string) error {
	t := s.Type
	fields, exported, blank := c.fields(t), false, true
	if embedsItself(t, t, nil) {
		return c.fail(path, t, "embeds itself: name the embedded field")
	}
	for i := range t.NumField() {
		f := t.Field(i)
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		exported = exported || f.IsExported()
		blank = blank && f.Name == "_"
		if !f.Anonymous || inner.Kind() != reflect.Struct || c.leavesOut(f) {
			continue
		}
		switch at := join(path, f.Name); {
		case f.IsExported():
			if implements(f.Type, c.self()) && !fields.has(i) {
				return c.fail(at, f.Type, "encodes itself, and the struct that embeds it does "+
					"not do so: name the embedded field")
			}
		case f.Type.Kind() == reflect.Pointer:
			return c.fail(at, f.Type, "is an embedded pointer to an unexported struct, which "+
				"cannot be decoded: embed the struct, or export it")
		default:
			exported = true
		}
	}
	if !blank && !exported &&
		(!s.optional || implements(t, []reflect.Type{protoMessage})) {
		return c.fail(path, t, "has no exported field, so that nothing of it is stored"+hint(t)+
			leaveOut(path))
	}
	if len(fields.hidden) > 0 {
		return c.fail(path, t, fmt.Sprintf("has the field %q, which is not exported and would be "+
			"encoded but not decoded", fields.hidden[0]))
	}
	if len(fields.lost) > 0 {
		return c.fail(path, t, fmt.Sprintf("has two fields of the name %q, of which one would be "+
			"lost", fields.lost[0]))
	}
	for _, f := range fields.all() {
		optional := f.typ.Kind() == reflect.Pointer
		err := c.walk(spot{f.typ, optional, s.addressable}, join(path, f.names[0]))
		if err != nil {
			return err
		}
	}
	return nil
}

// has reports whether the i-th field of the struct is encoded under its own name.
func (fields *structFields) has(i int) bool {
	for _, f := range fields.named {
		if len(f.index) == 1 && f.index[0] == i {
			return true
		}
	}
	return false
}

// all returns the fields in the order of the struct.
func (fields *structFields) all() []*structField {
	all := make([]*structField, 0, len(fields.named))
	for _, f := range fields.named {
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *structField) int { return slices.Compare(a.index, b.index) })
	return all
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func hint(t reflect.Type) string {
	if t.Implements(protoMessage) || reflect.PointerTo(t).Implements(protoMessage) {
		return ". It is a protobuf message: use codec.Proto"
	}
	return ""
}

func leaveOut(path string) string {
	if path == "" {
		return ""
	}
	return `. Leave the field out with the tag "-", or use a type that encodes itself`
}

// selfEncoded checks a type with methods that encode it.
func (c *checker) selfEncoded(s spot, path string) error {
	t := s.Type
	if !s.addressable && t.Kind() != reflect.Pointer && firstOf(t, c.encoders()) < 0 &&
		firstOf(reflect.PointerTo(t), c.encoders()) >= 0 {
		return c.fail(path, t, "encodes itself by methods of its pointer, which do not count in "+
			"a map: store pointers there")
	}
	t = pointee(t)
	if shallow(t) && firstOf(reflect.PointerTo(t), c.encoders()) >= 0 &&
		firstOf(reflect.PointerTo(t), c.decoders()) < 0 {
		return c.fail(path, t, "encodes itself and does not decode itself")
	}
	if t.Kind() == reflect.Struct && c.promoted(t) {
		return c.fail(path, t, "encodes itself by a method of what it embeds, and so loses its "+
			"other fields: name the embedded field")
	}
	return nil
}

// promoted reports whether a struct encodes itself only with the method of an embedded struct, and
// so loses its other fields. It compares what is written with and without values in these.
func (c *checker) promoted(t reflect.Type) bool {
	empty, full := reflect.New(t), reflect.New(t)
	embedded, filled := false, false
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case c.leavesOut(f):
		case f.Anonymous && implements(f.Type, c.self()):
			embedded = true
			for _, v := range []reflect.Value{empty, full} {
				if at := v.Elem().Field(i); at.Kind() == reflect.Pointer && at.CanSet() {
					at.Set(reflect.New(f.Type.Elem()))
				}
			}
		case f.IsExported():
			filled = fill(full.Elem().Field(i), 0) || filled
		}
	}
	if !embedded || !filled {
		return false
	}
	none, err1 := c.marshal(empty.Interface())
	some, err2 := c.marshal(full.Interface())
	return err1 == nil && err2 == nil && string(none) == string(some)
}

// fill sets v to a value that is not zero, and reports whether it could.
func fill(v reflect.Value, depth int) bool {
	for _, text := range []string{
		`1`, `"1"`, `true`, `"2006-01-02T15:04:05Z"`, `[1]`, `["1"]`,
	} {
		if (jsonFormat{}).unmarshal([]byte(text), v.Addr().Interface()) == nil && !v.IsZero() {
			return true
		}
	}
	switch {
	case depth > 10:
		return false
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return true
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		return true
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return true
	case v.Kind() == reflect.Array && v.Len() > 0:
		return fill(v.Index(0), depth+1)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && fill(v.Field(i), depth+1) {
				return true
			}
		}
	}
	return false
}
