package codec

import (
	"bytes"
	"database/sql/driver"
	"reflect"
	"slices"
)

// encode returns the value as the format writes it at a place, or nil if the field is omitted. The
// result can be decoded there, and then has the value.
func (p *putter) encode(w place, c *change) (data []byte, err error) {
	if w.typ == nil {
		w.typ = reflect.TypeFor[any]()
	}
	v, ok := p.convert(w.typ, c.value)
	if ok {
		data, ok = p.encodeAs(w, v)
	}
	if !ok {
		return nil, misfit(p.name(), c.path, w.typ.String(), isNumber(pointee(w.typ)), c.value)
	}
	return data, nil
}

// encodeAs encodes a value as the tag of its field says. A tag may omit the value.
func (d docs) encodeAs(w place, v reflect.Value) (data []byte, ok bool) {
	holder, at := reflect.New(w.typ), reflect.Value{}
	if at = holder.Elem(); w.field != nil {
		holder = reflect.New(w.field.alone)
		at = holder.Elem().Field(0)
	}
	at.Set(v)
	whole, err := d.marshal(holder.Interface())
	if err != nil {
		return nil, false
	}
	if !d.scalar(w.typ) {
		again := reflect.New(holder.Type().Elem())
		if d.unmarshal(whole, again.Interface()) != nil {
			return nil, false
		}
		if back, err := d.marshal(again.Interface()); err != nil || !d.shows(whole, back) {
			return nil, false
		}
	}
	if w.field == nil {
		return whole, true
	}
	all, ok := d.members(whole)
	switch {
	case !ok || len(all) > 1:
		return nil, false
	case len(all) == 0: // omitted, since it is zero or empty
		return nil, !d.scalar(w.typ) || v.IsZero()
	}
	return all[0].value, true
}

// scalar reports whether every encoded value of t can be decoded.
func (d docs) scalar(t reflect.Type) bool {
	return (isNumber(t) || t.Kind() == reflect.String || t.Kind() == reflect.Bool) &&
		!d.encodesItself(t)
}

// convert turns a value into one of type t, if t can hold it. It tries what Go can assign, then the
// encoded form of the format, then JSON.
func (d docs) convert(t reflect.Type, value any) (v reflect.Value, ok bool) {
	v = reflect.ValueOf(value)
	if !v.IsValid() {
		return d.convertNil(t)
	}
	switch from := v.Type(); {
	case from.AssignableTo(t):
		if t.Kind() != reflect.Interface {
			v = v.Convert(t)
		}
		return v, true
	case t.Kind() == reflect.Interface && t.NumMethod() > 0:
		return v, false
	case t.Kind() == reflect.Pointer:
		if v, ok = d.convert(t.Elem(), value); !ok {
			return v, false
		}
		ptr := reflect.New(t.Elem())
		ptr.Elem().Set(v)
		return ptr, true
	case v.Kind() == reflect.Pointer && !v.IsNil():
		if w, ok := d.convert(t, v.Elem().Interface()); ok {
			return w, true
		}
	case d.encodesItself(t):
	case sameText(from, t):
		return v.Convert(t), true
	case isBytes(from) && t.Kind() == reflect.String: // not its base64
		return v, false
	case v.CanFloat() && reflect.Zero(t).CanFloat():
		return v.Convert(t), keepsFloat(v.Float(), t)
	}
	return d.translate(t, v)
}

// translate converts through encoded forms.
func (d docs) translate(t reflect.Type, v reflect.Value) (reflect.Value, bool) {
	value, ways := v.Interface(), []docs{d, {jsonFormat{}}}
	if n, ok := whole(v); ok {
		value = n
	}
	if v.Type() == jsonNumber || isBytes(t) && v.Kind() == reflect.String {
		ways = ways[1:]
	}
	if v.Type() == jsonNumber && !isDecimal(v.String()) {
		return v, false
	}
	for _, by := range ways {
		data, err := by.marshal(&value)
		if err != nil {
			continue
		}
		ptr := reflect.New(t)
		if by.unmarshal(data, ptr.Interface()) != nil {
			continue
		}
		if back, err := by.marshal(ptr.Interface()); err == nil && by.shows(data, back) {
			return ptr.Elem(), true
		}
	}
	return v, false
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// convertNil returns the value of t for a nil: the nil of t, or a zero value that means null, as
// that of sql.NullString does.
func (d docs) convertNil(t reflect.Type) (v reflect.Value, ok bool) {
	v = reflect.Zero(t)
	if nilable(t) {
		return v, true
	}
	ptr := reflect.New(t)
	if null, ok := ptr.Interface().(driver.Valuer); ok {
		if stands, err := null.Value(); err == nil && stands == nil {
			return v, true
		}
	}
	data, err := d.marshal(ptr.Interface())
	return v, err == nil && d.isNil(data)
}

// sameText reports whether both are strings, bools or bytes, which need no encoding.
func sameText(from, to reflect.Type) bool {
	return from != jsonNumber && to != jsonNumber && from.Kind() == to.Kind() &&
		(from.Kind() == reflect.String || from.Kind() == reflect.Bool ||
			isBytes(from) && isBytes(to))
}

// shows reports whether a document still has the put value after it was decoded and encoded again.
// A type that encodes itself may write another form of what it read. So shows looks only for losses
// that cause no error.
func (d docs) shows(put, back []byte) bool {
	if string(put) == string(back) {
		return true
	}
	if d.isNil(put) || d.isNil(back) {
		return d.empty(put) && d.empty(back) && d.isNil(put) == d.isNil(back)
	}
	if was, ok := d.members(put); ok {
		now, ok := d.members(back)
		return !ok || d.showsMembers(was, now)
	}
	if was, ok := d.elements(put); ok {
		now, ok := d.elements(back)
		if !ok {
			return true
		}
		for i := range was {
			if i >= len(now) || !d.shows(was[i], now[i]) {
				return false
			}
		}
		return len(was) == len(now)
	}
	if was, ok := d.number(put); ok {
		now, ok := d.number(back)
		return !ok || sameNumber(was, now)
	}
	return true
}

func (d docs) showsMembers(was, now []member) bool {
	at := make(map[string]int, len(now))
	for i, n := range now {
		at[string(n.key)] = i
	}
	for _, m := range was {
		i, found := at[string(m.key)]
		if !found && m.name != nil { // the name in another form, or in another case
			i = slices.IndexFunc(now, func(n member) bool { return bytes.Equal(m.name, n.name) })
			if i < 0 {
				i = slices.IndexFunc(now, func(n member) bool {
					return bytes.EqualFold(m.name, n.name)
				})
			}
			found = i >= 0
		}
		if !found && !d.empty(m.value) || found && !d.shows(m.value, now[i].value) {
			return false // only an empty one may have been omitted
		}
	}
	return true
}

// empty reports whether data is a value that encodings may omit.
func (d docs) empty(data []byte) bool {
	if d.isNil(data) {
		return true
	}
	if all, ok := d.members(data); ok {
		for _, m := range all {
			if !d.empty(m.value) {
				return false
			}
		}
		return true
	}
	if all, ok := d.elements(data); ok {
		return len(all) == 0
	}
	if text, ok := d.number(data); ok {
		return sameNumber("0", text)
	}
	return d.blank(data)
}
