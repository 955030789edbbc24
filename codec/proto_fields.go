package codec

import (
	"reflect"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func setProtoField(m protoreflect.Message, name string, value any) error {
	fd := m.Descriptor().Fields().ByName(protoreflect.Name(name))
	if fd == nil {
		return unknownField("proto", name, stringer(m.Descriptor().FullName()))
	}
	if isNilValue(value) {
		m.Clear(fd)
		return nil
	}
	fresh, ok := protoField(m, fd, value)
	if !ok {
		return misfit("proto", name, protoType(fd), protoNumeric(fd), value)
	}
	m.Set(fd, fresh)
	return nil
}

type stringer string

func (s stringer) String() string { return string(s) }

// isNilValue counts typed nil pointers, slices and maps: for protobuf none of them differs from an
// absent field.
func isNilValue(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

// protoField builds what the field will hold, complete and apart from m.
func protoField(
	m protoreflect.Message, fd protoreflect.FieldDescriptor, value any,
) (protoreflect.Value, bool) {
	src := reflect.ValueOf(value)
	switch {
	case fd.IsMap():
		fresh := m.NewField(fd)
		return fresh, src.Kind() == reflect.Map && fillMap(fresh.Map(), fd, src)
	case fd.IsList():
		fresh := m.NewField(fd)
		return fresh, isList(src) && fillList(fresh.List(), fd, src)
	}
	return protoSingle(fd, src, func() protoreflect.Value { return m.NewField(fd) })
}

func fillList(list protoreflect.List, fd protoreflect.FieldDescriptor, src reflect.Value) bool {
	for i := range src.Len() {
		element, ok := protoSingle(fd, src.Index(i), list.NewElement)
		if !ok {
			return false
		}
		list.Append(element)
	}
	return true
}

func fillMap(m protoreflect.Map, fd protoreflect.FieldDescriptor, src reflect.Value) bool {
	for all := src.MapRange(); all.Next(); {
		key, ok := protoSingle(fd.MapKey(), all.Key(), nil)
		if !ok {
			return false
		}
		value, ok := protoSingle(fd.MapValue(), all.Value(), m.NewValue)
		// Two keys of different Go types may be one key of the field.
		if !ok || m.Has(key.MapKey()) {
			return false
		}
		m.Set(key.MapKey(), value)
	}
	return true
}

// protoSingle makes a scalar, enum or message. fresh makes an empty message of the type the field
// asks for.
func protoSingle(
	fd protoreflect.FieldDescriptor, src reflect.Value, fresh func() protoreflect.Value,
) (protoreflect.Value, bool) {
	for src.Kind() == reflect.Interface {
		src = src.Elem()
	}
	if !src.IsValid() {
		return protoreflect.Value{}, false
	}
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		from, ok := src.Interface().(proto.Message)
		if !ok {
			return protoreflect.Value{}, false
		}
		to := fresh()
		return to, copyMessage(to.Message().Interface(), from)
	case protoreflect.EnumKind:
		return protoEnum(fd.Enum(), src)
	case protoreflect.BoolKind:
		return protoScalar(src, protoreflect.ValueOfBool)
	case protoreflect.StringKind:
		return protoScalar(src, protoreflect.ValueOfString)
	case protoreflect.BytesKind:
		return protoScalar(src, func(b []byte) protoreflect.Value {
			return protoreflect.ValueOfBytes(copied(b))
		})
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoScalar(src, protoreflect.ValueOfInt32)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoScalar(src, protoreflect.ValueOfInt64)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoScalar(src, protoreflect.ValueOfUint32)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoScalar(src, protoreflect.ValueOfUint64)
	case protoreflect.FloatKind:
		return protoScalar(src, protoreflect.ValueOfFloat32)
	case protoreflect.DoubleKind:
		return protoScalar(src, protoreflect.ValueOfFloat64)
	}
	return protoreflect.Value{}, false
}

func protoScalar[T any](
	src reflect.Value, wrap func(T) protoreflect.Value,
) (protoreflect.Value, bool) {
	var scalar T
	if !assignValue(reflect.ValueOf(&scalar).Elem(), src) {
		return protoreflect.Value{}, false
	}
	return wrap(scalar), true
}

func protoEnum(ed protoreflect.EnumDescriptor, src reflect.Value) (protoreflect.Value, bool) {
	if isString(src.Type()) {
		v := ed.Values().ByName(protoreflect.Name(src.String()))
		if v == nil {
			return protoreflect.Value{}, false
		}
		return protoreflect.ValueOfEnum(v.Number()), true
	}
	// Generated enums are integers to Go, so one of another type would pass for a number.
	if e, ok := src.Interface().(protoreflect.Enum); ok &&
		e.Descriptor().FullName() != ed.FullName() {
		return protoreflect.Value{}, false
	}
	var number int32
	if !assignValue(reflect.ValueOf(&number).Elem(), src) {
		return protoreflect.Value{}, false
	}
	n := protoreflect.EnumNumber(number)
	if ed.IsClosed() && ed.Values().ByNumber(n) == nil {
		return protoreflect.Value{}, false
	}
	return protoreflect.ValueOfEnum(n), true
}

// copyMessage takes messages of the same name. Where they come from different descriptors (one of
// them is dynamic), they meet in the wire format.
func copyMessage(to, from proto.Message) bool {
	source := from.ProtoReflect()
	if !source.IsValid() ||
		source.Descriptor().FullName() != to.ProtoReflect().Descriptor().FullName() {
		return false
	}
	if source.Descriptor() == to.ProtoReflect().Descriptor() {
		proto.Merge(to, from)
		return true
	}
	data, err := proto.MarshalOptions{AllowPartial: true}.Marshal(from)
	return err == nil && proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(data, to) == nil
}

// protoType names the type of a field as the .proto file does.
func protoType(fd protoreflect.FieldDescriptor) string {
	switch {
	case fd.IsMap():
		return "map<" + protoType(fd.MapKey()) + ", " + protoType(fd.MapValue()) + ">"
	case fd.IsList():
		return "repeated " + protoElement(fd)
	}
	return protoElement(fd)
}

func protoElement(fd protoreflect.FieldDescriptor) string {
	switch {
	case fd.Message() != nil:
		return string(fd.Message().FullName())
	case fd.Enum() != nil:
		return string(fd.Enum().FullName())
	}
	return fd.Kind().String()
}

func protoNumeric(fd protoreflect.FieldDescriptor) bool {
	switch fd.Kind() {
	case protoreflect.BoolKind, protoreflect.StringKind, protoreflect.BytesKind,
		protoreflect.MessageKind, protoreflect.GroupKind:
		return false
	}
	return !fd.IsList() && !fd.IsMap()
}
