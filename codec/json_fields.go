package codec

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// fields asks encoding/json itself for the names, so that they are right in each version of Go.
func (f jsonFormat) fields(t reflect.Type) *structFields {
	return learned(&jsonTables.fields, t, func() *structFields { return f.fieldsOf(t) })
}

func (f jsonFormat) fieldsOf(t reflect.Type) *structFields {
	fields := &structFields{named: map[string]*structField{}, folds: true}
	depths := map[string]claim{}
	f.collect(t, nil, nil, func(s *structField, tagged bool) {
		name, depth := s.names[0], len(s.index)
		c, taken := depths[name]
		twice := taken && depth == c.depth
		switch {
		case !taken, depth < c.depth, twice && tagged && !c.tagged:
			fields.named[name], depths[name] = s, claim{depth, tagged, twice}
		case twice:
			depths[name] = claim{depth, c.tagged, true}
		}
	})
	for name := range fields.named {
		if depths[name].twice {
			fields.lost = append(fields.lost, name)
		}
		if !f.takes(t, name) {
			delete(fields.named, name)
		}
	}
	slices.Sort(fields.lost)
	return fields
}

// claim is how a field claims a name. The least deep field wins, and then one with a tag. If
// several are left, encoding/json ignores all of them.
type claim struct {
	depth  int
	tagged bool
	twice  bool // several fields at the same depth
}

// collect calls add with all fields of t and of its embedded structs.
func (f jsonFormat) collect(
	t reflect.Type, at []int, around []reflect.Type, add func(s *structField, tagged bool),
) {
	if slices.Contains(around, t) {
		return
	}
	around = append(around, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(slices.Clone(at), i)
		inner := sf.Type
		if inner.Kind() == reflect.Pointer && inner.Name() == "" {
			inner = inner.Elem()
		}
		embeds := sf.Anonymous && inner.Kind() == reflect.Struct
		if !sf.IsExported() {
			if embeds && sf.Type.Kind() != reflect.Pointer && sf.Tag.Get("json") == "" {
				f.collect(inner, index, around, add)
			}
			continue
		}
		name, tagged := jsonName(sf)
		switch {
		case name == "":
		case embeds && !tagged:
			f.collect(inner, index, around, add)
		default:
			add(&structField{
				names: []string{name}, index: index, typ: sf.Type, alone: alone(sf, sf.Type),
			}, tagged)
		}
	}
}

// alone returns a struct whose only field has the name and the tag of sf.
func alone(sf reflect.StructField, t reflect.Type) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: sf.Name, Type: t, Tag: sf.Tag}})
}

// samples have a value of each kind that a tag option may need.
var samples = []any{true, "1", 1, 1.5, []byte{1}, time.Unix(1, 0), time.Second}

// jsonName returns the name of a field in encoding/json, and whether it is from the tag. It returns
// "" for a field that encoding/json omits.
func jsonName(sf reflect.StructField) (name string, tagged bool) {
	tag := sf.Tag.Get("json")
	for _, sample := range samples {
		v := reflect.New(alone(sf, reflect.TypeOf(sample)))
		v.Elem().Field(0).Set(reflect.ValueOf(sample))
		data, err := jsonFormat{}.marshal(v.Interface())
		if err != nil {
			continue
		}
		for _, m := range must(jsonFormat{}.members(data)) {
			own := strings.HasPrefix(strings.Trim(tag, `'"`), sf.Name)
			return string(m.name), string(m.name) != sf.Name || own
		}
		return "", false
	}
	return sf.Name, false
}

func must[T any](v T, _ bool) T { return v }

// takes reports whether encoding/json decodes a member of this name into a field of t.
func (f jsonFormat) takes(t reflect.Type, name string) bool {
	key, _ := json.Marshal(name)
	err := f.unmarshal(f.object([]member{{key: key, value: f.null()}}), reflect.New(t).Interface())
	return err == nil || !strings.HasPrefix(err.Error(), unknownKey)
}
