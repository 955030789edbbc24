package codec

import (
	"reflect"
	"slices"
)

// throughPointer reports whether an index leads through an embedded pointer.
func throughPointer(t reflect.Type, index []int) bool {
	for _, x := range index[:len(index)-1] {
		t = t.Field(x).Type
		if t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// dropEmbedded sets embedded pointers in v back to nil if all fields behind them are nil in data.
// For a nil pointer, the library writes a nil for each field behind it, and allocates the struct
// when it reads them. v was decoded from data.
func (f *facts) dropEmbedded(format msgpackFormat, data []byte, v reflect.Value) {
	d := embeddedDropper{format, msgpackReader{data: data}}
	d.drop(f, 0, v)
}

// embeddedDropper follows the data in one pass.
type embeddedDropper struct {
	format msgpackFormat
	r      msgpackReader
}

// skip passes over a value.
func (d *embeddedDropper) skip(pos int) int {
	behind, err := d.r.values(pos, len(d.r.data), 1, 0)
	if err != nil {
		return len(d.r.data)
	}
	return behind
}

// drop passes over the value at pos, from which v was decoded. v is invalid if nothing was decoded
// from it.
func (d *embeddedDropper) drop(f *facts, pos int, v reflect.Value) (behind int) {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	kind, n, rest := header(d.r.data[pos:])
	if f == nil || !f.embeds || f.self || kind == 0 {
		return d.skip(pos)
	}
	pos = len(d.r.data) - len(rest)
	switch {
	case v.Kind() == reflect.Struct:
		return d.dropFields(f, pos, n, kind == codeMap16, v)
	case kind == codeMap16 && v.Kind() == reflect.Map:
		return d.dropValues(f, pos, n, v)
	}
	if kind == codeMap16 {
		n *= 2
	}
	for i := range n {
		if kind == codeArray16 && (v.Kind() == reflect.Slice || v.Kind() == reflect.Array) &&
			i < v.Len() {
			pos = d.drop(f.elem, pos, v.Index(i))
		} else {
			pos = d.skip(pos)
		}
	}
	return pos
}

// dropValues does it for the values of a map. If a key comes twice, v has the last value only.
func (d *embeddedDropper) dropValues(f *facts, pos, n int, v reflect.Value) int {
	last, end := map[string]int{}, pos
	for range n {
		key := end
		end = d.skip(key)
		last[string(d.r.data[key:end])] = end
		end = d.skip(end)
	}
	for key, at := range last {
		k, ok := d.format.readKey(member{key: []byte(key)}, v.Type().Key())
		if !ok || !v.MapIndex(k).IsValid() {
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(k))
		d.drop(f.elem, at, value)
		v.SetMapIndex(k, value)
	}
	return end
}

// dropFields does it for a struct, which is encoded as a map or as a list.
func (d *embeddedDropper) dropFields(f *facts, pos, n int, isMap bool, v reflect.Value) int {
	fields := d.format.fields(v.Type())
	var used [][]int // the indices of present fields behind embedded structs
	for i := range n {
		var field *structField
		if isMap {
			key := pos
			pos = d.skip(pos)
			field = fields.named[string(textOf(d.r.data[key:pos]))]
		} else if i < len(fields.order) {
			field = fields.order[i]
		}
		if field == nil || pos >= len(d.r.data) || d.r.data[pos] == codeNil {
			pos = d.skip(pos)
			continue
		}
		if len(field.index) > 1 {
			used = append(used, field.index)
		}
		at, err := v.FieldByIndexErr(field.index)
		if err != nil {
			at = reflect.Value{}
		}
		pos = d.drop(f.fields[field.names[0]], pos, at)
	}
	if n == 0 {
		return pos
	}
	for _, field := range fields.named {
		for n := 1; n < len(field.index); n++ {
			at, err := v.FieldByIndexErr(field.index[:n])
			if err != nil {
				break
			}
			leads := func(used []int) bool {
				return len(used) > n && slices.Equal(used[:n], field.index[:n])
			}
			if at.Kind() == reflect.Pointer && at.CanSet() && !slices.ContainsFunc(used, leads) {
				at.SetZero()
			}
		}
	}
	return pos
}
