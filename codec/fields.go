package codec

import (
	"reflect"
	"sync"
)

// naming is how one codec names the fields of a Go struct.
type naming struct {
	codec string         // prefix of errors
	self  []reflect.Type // interfaces by which a type encodes itself
	// name to index path, as in reflect.Value.FieldByIndex
	list  func(t reflect.Type) map[string][]int
	cache sync.Map // reflect.Type of V to *fieldTable
}

// fieldTable has what SetField needs to know about one V.
type fieldTable struct {
	fields map[string]structField
	refuse string // why V has no named fields, or ""
}

type structField struct {
	index []int
	typ   reflect.Type
}

func (n *naming) table(t reflect.Type) *fieldTable {
	if known, ok := n.cache.Load(t); ok {
		return known.(*fieldTable)
	}
	known, _ := n.cache.LoadOrStore(t, n.build(t))
	return known.(*fieldTable)
}

func (n *naming) build(t reflect.Type) *fieldTable {
	if implements(t, n.self) {
		return &fieldTable{refuse: "encodes itself"}
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return &fieldTable{refuse: "is not a struct"}
	}
	if implements(t, n.self) {
		return &fieldTable{refuse: "encodes itself"}
	}
	table := &fieldTable{fields: make(map[string]structField)}
	for name, index := range n.list(t) {
		if f, ok := settable(t, index); ok {
			table.fields[name] = f
		}
	}
	return table
}

// settable follows index. It leaves out what is behind an embedded pointer to an unexported struct:
// nobody can allocate that, so Decode refuses such a field, too.
func settable(t reflect.Type, index []int) (structField, bool) {
	at := t
	for i, x := range index {
		if i > 0 && at.Kind() == reflect.Pointer {
			at = at.Elem()
		}
		f := at.Field(x)
		last := i == len(index)-1
		if !f.IsExported() && (last || f.Type.Kind() == reflect.Pointer) {
			return structField{}, false
		}
		at = f.Type
	}
	return structField{index, at}, true
}

// setField is the SetField of the codecs whose values are plain Go structs.
func setField[V any](v V, name string, value any, n *naming) (V, error) {
	changed := v
	if err := n.set(reflect.ValueOf(&changed).Elem(), name, value); err != nil {
		return v, err
	}
	return changed, nil
}

func (n *naming) set(at reflect.Value, name string, value any) error {
	t := at.Type()
	table := n.table(t)
	if table.refuse != "" {
		return noFields(n.codec, table.refuse, t)
	}
	field, ok := table.fields[name]
	if !ok {
		return unknownField(n.codec, name, t)
	}
	if at.Kind() == reflect.Pointer {
		if at.IsNil() {
			return unknownField(n.codec, name, nilOf{t})
		}
		at = at.Elem()
	}
	// The new value is complete before the first change.
	fresh := reflect.New(field.typ).Elem()
	if !assign(fresh, value) {
		return misfit(n.codec, name, field.typ.String(), isNumber(pointee(field.typ)), value)
	}
	for i, x := range field.index {
		if i > 0 && at.Kind() == reflect.Pointer {
			// An embedded pointer is shared with the value that came in, so the struct behind it is
			// replaced and not changed.
			inner := reflect.New(at.Type().Elem())
			if !at.IsNil() {
				inner.Elem().Set(at.Elem())
			}
			at.Set(inner)
			at = inner.Elem()
		}
		at = at.Field(x)
	}
	at.Set(fresh)
	return nil
}
