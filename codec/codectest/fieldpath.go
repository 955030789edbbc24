package codectest

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

// field returns the value in v at a path, and whether there is such a place.
func (p *probe[V]) field(v V, path string) (any, bool) {
	if p.suite.Field != nil {
		return p.suite.Field(v, path)
	}
	at := reflect.ValueOf(&v).Elem()
	for step := range steps(path) {
		at = descend(at, step)
		if !at.IsValid() || !at.CanInterface() {
			return nil, false
		}
	}
	return at.Interface(), true
}

// steps yields the names and indices of a path, indices with their brackets.
func steps(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for path != "" {
			end := strings.IndexAny(path[1:], ".[") + 1
			if path[0] == '[' {
				end = strings.IndexByte(path, ']') + 1
				if len(path) > 1 && path[1] == '"' {
					end = strings.Index(path, `"]`) + 2
				}
			}
			if end <= 0 {
				end = len(path)
			}
			if !yield(path[:end]) {
				return
			}
			path = strings.TrimPrefix(path[end:], ".")
		}
	}
}

// descend returns the field, element or entry of v to which one step of a path leads.
func descend(v reflect.Value, step string) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	inner, indexed := strings.CutPrefix(strings.TrimSuffix(step, "]"), "[")
	if quoted, err := strconv.Unquote(inner); err == nil && indexed {
		inner = quoted
	}
	switch v.Kind() {
	case reflect.Struct:
		return structField(v, inner)
	case reflect.Slice, reflect.Array:
		if i, err := strconv.Atoi(inner); err == nil && i >= 0 && i < v.Len() {
			return v.Index(i)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if brief := reflect.ValueOf(inner); k.Kind() == reflect.String && k.String() == inner ||
				k.Kind() == reflect.Interface && k.Elem().Equal(brief) {
				return v.MapIndex(k)
			}
		}
	}
	return reflect.Value{}
}

// structField finds a field with its name or with a name in one of its tags, also in embedded
// structs.
func structField(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && (f.Name == name || tagged(string(f.Tag), name)) {
			return v.Field(i)
		}
	}
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			if found := descend(v.Field(i), name); found.IsValid() {
				return found
			}
		}
	}
	return reflect.Value{}
}

// tagged reports whether name is the first word of a value in a tag such as `json:"name,omitempty"
// msgpack:"n"`.
func tagged(tag, name string) bool {
	for rest := tag; ; {
		_, after, ok := strings.Cut(rest, `:"`)
		if !ok {
			return false
		}
		value, after, _ := strings.Cut(after, `"`)
		if first, _, _ := strings.Cut(value, ","); strings.Trim(first, "'") == name {
			return true
		}
		rest = after
	}
}

// shows reports whether held, the value of a field, is the value set, possibly as another type.
func shows(held, set any) bool {
	if a, ok := held.(proto.Message); ok {
		b, ok := set.(proto.Message)
		return ok && proto.Equal(a, b)
	}
	if a, ok := held.(time.Time); ok {
		b, ok := set.(time.Time)
		return ok && a.Equal(b)
	}
	if reflect.DeepEqual(held, set) {
		return true
	}
	a, b := reflect.ValueOf(held), reflect.ValueOf(set)
	for a.Kind() == reflect.Pointer && !a.IsNil() && b.IsValid() && b.Kind() != reflect.Pointer {
		a = a.Elem()
	}
	if !a.IsValid() || !b.IsValid() {
		return !b.IsValid() && (!a.IsValid() || a.IsZero())
	}
	if (a.Kind() == reflect.String) != (b.Kind() == reflect.String) || !b.CanConvert(a.Type()) {
		return false
	}
	return reflect.DeepEqual(a.Interface(), b.Convert(a.Type()).Interface())
}
