package codec

import (
	"fmt"
	"reflect"
	"slices"
)

// edit is a change, and the steps of its path that remain from a place.
type edit struct {
	*change
	steps []step
}

// group holds the edits that lead into the same field, key or element.
type group struct {
	place
	id      any    // identifies the field, key or element
	key     []byte // the encoded name of a field, or key of a map
	edits   []edit
	deep    bool // some edits lead further in
	last    int  // index of the last member that decodes into it; -1 for none
	cleared int  // index of the last null, which resets all members before it
	value   []byte
}

// putter makes the changes of one call.
type putter struct {
	docs
	top reflect.Type
}

// put makes the edits in data, which is the value at w.
func (p *putter) put(data []byte, w place, edits []edit) ([]byte, error) {
	for _, e := range edits {
		if len(e.steps) > 0 {
			continue
		}
		if len(edits) > 1 {
			return nil, overlap(p.name(), edits[0].path, edits[1].path)
		}
		return p.encode(w, e.change)
	}
	t, err := p.into(w.typ)
	switch {
	case err != nil:
		return nil, err
	case edits[0].steps[0].isList:
		return p.putElements(data, t, edits)
	case t != nil && t.Kind() == reflect.Struct:
		return p.putFields(data, t, edits)
	}
	return p.putKeys(data, t, edits)
}

// into returns the type that a step goes into, without its pointers. It returns nil if there is no
// type.
func (p *putter) into(t reflect.Type) (reflect.Type, error) {
	if t == nil {
		return nil, nil
	}
	if inner := pointee(t); !p.encodesItself(t) {
		if inner.Kind() == reflect.Interface {
			return nil, nil
		}
		return inner, nil
	}
	return nil, noFields(p.name(), "encodes itself", t)
}

// unknown is the error for a path that leads nowhere.
func (p *putter) unknown(e edit) error { return unknownField(p.name(), e.path, p.top) }

func overlap(codec, one, other string) error {
	return &fieldError{fmt.Sprintf("%s: the paths %q and %q overlap", codec, one, other),
		ErrUnknownField}
}

// groups groups edits by the target of their first step, which into returns.
func (p *putter) groups(
	edits []edit, into func(s step) (id any, ok bool), fill func(g *group) bool,
) (all []*group, byID map[any]*group, err error) {
	byID = make(map[any]*group, len(edits))
	for _, e := range edits {
		id, ok := into(e.steps[0])
		if !ok {
			return nil, nil, p.unknown(e)
		}
		g := byID[id]
		if g == nil {
			g = &group{id: id, last: -1}
			if !fill(g) {
				return nil, nil, p.unknown(e)
			}
			byID[id] = g
			all = append(all, g)
		}
		g.edits = append(g.edits, edit{e.change, e.steps[1:]})
		g.deep = g.deep || len(e.steps) > 1
	}
	return all, byID, nil
}

// putFields sets fields of a struct, which may be encoded as an object or as a list.
func (p *putter) putFields(data []byte, t reflect.Type, edits []edit) ([]byte, error) {
	fields := p.fields(t)
	groups, byID, err := p.groups(edits, func(s step) (any, bool) {
		f := fields.named[s.name]
		return f, f != nil && !s.isList
	}, func(g *group) bool {
		f := g.id.(*structField)
		g.place = place{f.typ, f}
		key, ok := p.key(reflect.ValueOf(f.names[0]))
		g.key = key
		return ok
	})
	if err != nil {
		return nil, err
	}
	if elements, ok := p.elements(data); ok { // encoded as a list
		for _, g := range groups {
			at := slices.Index(fields.order, g.field)
			if at < 0 || at >= len(elements) {
				return nil, p.unknown(g.edits[0])
			}
			if elements[at], err = p.put(elements[at], g.place, g.edits); err != nil {
				return nil, err
			}
			if elements[at] == nil {
				elements[at] = p.null()
			}
		}
		return p.list(elements), nil
	}
	return p.putMembers(data, groups, func(m member) *group {
		if exact := fields.named[string(m.name)]; exact != nil || !fields.folds {
			return byID[exact]
		}
		for _, g := range groups { // few, so other members cost little
			if g.field.folds(m.name) {
				return byID[fields.leads(m.name)]
			}
		}
		return nil
	})
}

// putKeys sets keys of a map, or of an object without a type.
func (p *putter) putKeys(data []byte, t reflect.Type, edits []edit) ([]byte, error) {
	values, keys := reflect.Type(nil), reflect.TypeFor[string]()
	if t != nil {
		if t.Kind() != reflect.Map {
			return nil, p.unknown(edits[0])
		}
		values, keys = t.Elem(), t.Key()
	}
	if _, object := p.members(data); !object && (t == nil || !p.isNil(data)) {
		return nil, p.unknown(edits[0])
	}
	text := keys.Kind() == reflect.Interface ||
		keys.Kind() == reflect.String && !p.encodesItself(keys)
	groups, byID, err := p.groups(edits, func(s step) (any, bool) {
		if s.isList || text {
			return s.name, !s.isList
		}
		v, ok := p.parseKey(s.name, keys)
		if !ok {
			return nil, false
		}
		key, ok := p.key(v)
		return string(key), ok
	}, func(g *group) (ok bool) {
		g.typ, g.key = values, []byte(g.id.(string))
		if text {
			g.key, ok = p.key(reflect.ValueOf(g.id))
			return ok
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return p.putMembers(data, groups, func(m member) *group {
		if text {
			return byID[string(m.name)]
		}
		if v, ok := p.readKey(m, keys); ok {
			key, _ := p.key(v) // as this codec writes it
			return byID[string(key)]
		}
		return nil
	})
}

// putMembers replaces the members that decode into the groups. If several decode into one group,
// the last one counts.
func (p *putter) putMembers(
	data []byte, groups []*group, into func(member) *group,
) ([]byte, error) {
	all, ok := p.members(data)
	if !ok && !p.isNil(data) {
		return nil, p.unknown(groups[0].edits[0])
	}
	for i := range all {
		g := into(all[i])
		if all[i].group = g; g == nil {
			continue
		}
		g.last = i
		if p.isNil(all[i].value) && (g.typ == nil || p.clears(g.typ)) {
			g.cleared = i
		}
	}
	for _, g := range groups {
		old := p.null()
		if g.last >= 0 {
			old = all[g.last].value
		}
		var err error
		if g.value, err = p.put(old, g.place, g.edits); err != nil {
			return nil, err
		}
	}
	out := all[:0]
	for i, m := range all {
		switch g := m.group; {
		case g == nil, i != g.last && g.deep && i >= g.cleared: // the decoder merges these
			out = append(out, m)
		case i == g.last && g.value != nil:
			out = append(out, member{key: g.key, value: g.value})
		}
	}
	for _, g := range groups {
		if g.last < 0 && g.value != nil {
			out = append(out, member{key: g.key, value: g.value})
		}
	}
	return p.object(out), nil
}

// putElements sets elements of a list.
func (p *putter) putElements(data []byte, t reflect.Type, edits []edit) ([]byte, error) {
	w := place{}
	if t != nil {
		if t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
			return nil, p.unknown(edits[0])
		}
		w.typ = t.Elem()
	}
	elements, _ := p.elements(data)
	groups, _, err := p.groups(edits, func(s step) (any, bool) {
		return s.index, s.isList && s.index < len(elements)
	}, func(*group) bool { return true })
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		n := g.id.(int)
		if elements[n], err = p.put(elements[n], w, g.edits); err != nil {
			return nil, err
		}
	}
	return p.list(elements), nil
}
