package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// protoPutter makes one change.
type protoPutter struct {
	*change
	top    protoreflect.MessageDescriptor
	oneofs map[string]oneofMember // those that the call set so far
}

// oneofMember is a member of a oneof, and the path to it.
type oneofMember struct {
	field protoreflect.FieldDescriptor
	path  string
}

// apply makes the change in m.
func (p *protoPutter) apply(m protoreflect.Message) (err error) {
	defer func() {
		if r := recover(); r != nil { // a method of the value panicked
			err = &fieldError{fmt.Sprintf("proto: field %q of %s: the value's type %T panicked "+
				"with %T", p.path, p.top.FullName(), p.value, r), ErrFieldValue}
		}
	}()
	return p.put(m, p.steps)
}

func (p *protoPutter) unknown() error {
	return unknownField("proto", p.path, stringer(p.top.FullName()))
}

func (p *protoPutter) misfit(fd protoreflect.FieldDescriptor) error {
	return misfit("proto", p.path, protoType(fd), protoNumeric(fd), p.value)
}

// put sets the field of m to which steps lead.
func (p *protoPutter) put(m protoreflect.Message, steps []step) error {
	fd := m.Descriptor().Fields().ByName(protoreflect.Name(steps[0].name))
	if fd == nil || steps[0].isList {
		return p.unknown()
	}
	if err := p.chooses(fd, len(p.steps)-len(steps)); err != nil {
		return err
	}
	switch {
	case len(steps) == 1:
		return p.set(m, fd)
	case fd.IsList():
		return p.putElement(m, fd, steps[1], steps[2:])
	case fd.IsMap():
		return p.putKey(m, fd, steps[1], steps[2:])
	case fd.Message() != nil:
		return p.put(m.Mutable(fd).Message(), steps[1:])
	}
	return p.unknown()
}

// chooses returns an error if a call sets two members of one oneof, since one would be lost. depth
// is the depth of fd in the path.
func (p *protoPutter) chooses(fd protoreflect.FieldDescriptor, depth int) error {
	oneof := fd.ContainingOneof()
	if oneof == nil || depth == len(p.steps)-1 && isNilValue(p.value) {
		return nil
	}
	key := fmt.Sprint(p.steps[:depth], oneof.Name())
	if other, taken := p.oneofs[key]; taken && other.field != fd {
		return &fieldError{fmt.Sprintf("proto: the fields %q and %q are members of one oneof",
			other.path, p.path), ErrUnknownField}
	}
	p.oneofs[key] = oneofMember{fd, p.path}
	return nil
}

func (p *protoPutter) set(m protoreflect.Message, fd protoreflect.FieldDescriptor) error {
	if isNilValue(p.value) {
		m.Clear(fd)
		return nil
	}
	fresh, ok := protoField(m, fd, p.value)
	if !ok {
		return p.misfit(fd)
	}
	m.Set(fd, fresh)
	return nil
}

func (p *protoPutter) putElement(
	m protoreflect.Message, fd protoreflect.FieldDescriptor, s step, rest []step,
) error {
	if !s.isList || s.index >= m.Get(fd).List().Len() {
		return p.unknown()
	}
	list := m.Mutable(fd).List()
	if len(rest) > 0 {
		if fd.Message() == nil {
			return p.unknown()
		}
		return p.put(list.Get(s.index).Message(), rest)
	}
	fresh, ok := protoSingle(fd, reflect.ValueOf(p.value), list.NewElement)
	if !ok {
		return p.misfit(fd)
	}
	list.Set(s.index, fresh)
	return nil
}

func (p *protoPutter) putKey(
	m protoreflect.Message, fd protoreflect.FieldDescriptor, s step, rest []step,
) error {
	key, ok := protoKey(fd.MapKey(), s.name)
	if s.isList || !ok {
		return p.unknown()
	}
	all := m.Mutable(fd).Map()
	if len(rest) > 0 {
		if fd.MapValue().Message() == nil {
			return p.unknown()
		}
		return p.put(all.Mutable(key).Message(), rest)
	}
	if isNilValue(p.value) {
		return p.misfit(fd.MapValue())
	}
	fresh, ok := protoSingle(fd.MapValue(), reflect.ValueOf(p.value), all.NewValue)
	if !ok {
		return p.misfit(fd.MapValue())
	}
	all.Set(key, fresh)
	return nil
}

// protoKey reads the key of a map from the text that JSON has for it.
func protoKey(fd protoreflect.FieldDescriptor, text string) (key protoreflect.MapKey, ok bool) {
	var value any = text
	if fd.Kind() != protoreflect.StringKind {
		value = json.Number(text)
		if fd.Kind() == protoreflect.BoolKind {
			b, err := strconv.ParseBool(text)
			if err != nil {
				return key, false
			}
			value = b
		}
	}
	v, ok := protoSingle(fd, reflect.ValueOf(value), nil)
	if !ok || v.MapKey().String() != text { // another text of the same key, such as 07
		return key, false
	}
	return v.MapKey(), true
}
