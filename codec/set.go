package codec

import (
	"reflect"
	"sync"
)

// setFields is the SetFields of the codecs whose values are documents. data must decode as a t.
// Each new field was decoded once by itself. So the result decodes too, if it does not nest too
// deep.
func setFields(t reflect.Type, f format, data []byte, fields map[string]any) ([]byte, error) {
	d := docs{f}
	changes, err := changesOf(d, f.name(), fields, d.singles(t, data))
	if err != nil {
		return nil, err
	}
	if d.isNil(data) && len(changes) > 0 {
		return nil, unknownField(f.name(), changes[0].path, nilOf{t})
	}
	if len(changes) == 0 {
		return append([]byte{}, data...), nil
	}
	edits := make([]edit, len(changes))
	for i := range changes {
		edits[i] = edit{&changes[i], changes[i].steps}
	}
	p := putter{docs: d, top: t}
	out, err := p.put(data, place{typ: t}, edits)
	if err != nil {
		return nil, err
	}
	if err := d.valid(out); err != nil {
		return nil, &fieldError{err.Error(), ErrFieldValue}
	}
	return out, nil
}

// singles returns a function that reports whether a whole path is the name of a field, or a key in
// data.
func (d docs) singles(t reflect.Type, data []byte) func(path string) bool {
	if t = pointee(t); t.Kind() == reflect.Struct && !d.encodesItself(t) {
		named := d.fields(t).named
		return func(path string) bool { return named[path] != nil }
	}
	keys := sync.OnceValue(func() map[string]bool {
		members, _ := d.members(data)
		keys := make(map[string]bool, len(members))
		for _, m := range members {
			keys[string(m.name)] = true
		}
		return keys
	})
	return func(path string) bool { return keys()[path] }
}
