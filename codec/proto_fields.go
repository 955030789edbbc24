package codec

import (
	"reflect"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type stringer string

func (s stringer) String() string { return string(s) }

// isNilValue reports whether value is nil. Typed nil pointers, slices and maps count too: protobuf
// does not tell them from an absent field.
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

// protoField makes the complete new value of the field, and does not change m.
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
		// Two keys of different Go types may be the same key in the field.
		if !ok || m.Has(key.MapKey()) {
			return false
		}
		m.Set(key.MapKey(), value)
	}
	return true
}

// protoSingle makes a scalar, enum or message. fresh makes an empty message of the field's type.
func protoSingle(
	fd protoreflect.FieldDescriptor, src reflect.Value, fresh func() protoreflect.Value,
) (protoreflect.Value, bool) {
	for src.Kind() == reflect.Interface {
		src = src.Elem()
	}
	if !src.IsValid() || src.Kind() == reflect.Pointer && src.IsNil() {
		return protoreflect.Value{}, false
	}
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		to := fresh()
		if from, ok := src.Interface().(proto.Message); ok {
			return to, copyMessage(to.Message().Interface(), from)
		}
		if held := wrappedScalar(fd.Message()); held != nil {
			v, ok := protoSingle(held, src, nil)
			if ok {
				to.Message().Set(held, v)
			}
			return to, ok
		}
		return to, readMessage(to.Message().Interface(), src.Interface())
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

// wrappedScalar returns the field of a wrapper such as google.protobuf.Int64Value, or nil.
func wrappedScalar(md protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	if md.ParentFile().Path() != wrapperspb.File_google_protobuf_wrappers_proto.Path() {
		return nil
	}
	return md.Fields().ByName("value")
}

func protoScalar[T any](
	src reflect.Value, wrap func(T) protoreflect.Value,
) (protoreflect.Value, bool) {
	v, ok := docs{jsonFormat{}}.convert(reflect.TypeFor[T](), src.Interface())
	if !ok || isNilValue(src.Interface()) && !isBytes(src.Type()) {
		return protoreflect.Value{}, false
	}
	return wrap(v.Interface().(T)), true
}

func protoEnum(ed protoreflect.EnumDescriptor, src reflect.Value) (protoreflect.Value, bool) {
	if src.Kind() == reflect.String && src.Type() != jsonNumber {
		v := ed.Values().ByName(protoreflect.Name(src.String()))
		if v == nil {
			return protoreflect.Value{}, false
		}
		return protoreflect.ValueOfEnum(v.Number()), true
	}
	// Generated enums are integers in Go, so a value of another enum would look like a number.
	if e, ok := src.Interface().(protoreflect.Enum); ok &&
		e.Descriptor().FullName() != ed.FullName() {
		return protoreflect.Value{}, false
	}
	number, ok := docs{jsonFormat{}}.convert(reflect.TypeFor[int32](), src.Interface())
	if !ok {
		return protoreflect.Value{}, false
	}
	n := protoreflect.EnumNumber(number.Int())
	if ed.IsClosed() && ed.Values().ByNumber(n) == nil {
		return protoreflect.Value{}, false
	}
	return protoreflect.ValueOfEnum(n), true
}

// readMessage reads a message from the JSON of a value that is no message.
func readMessage(to proto.Message, from any) bool {
	switch v := from.(type) {
	case *time.Duration:
		return readMessage(to, *v)
	case time.Duration:
		return copyMessage(to, durationpb.New(v))
	case *time.Time:
		return readMessage(to, *v)
	case time.Time:
		if at := timestamppb.New(v); to.ProtoReflect().Descriptor() ==
			at.ProtoReflect().Descriptor() {
			return at.IsValid() && copyMessage(to, at)
		}
	}
	data, err := jsonFormat{}.marshal(from)
	return err == nil && protojson.Unmarshal(data, to) == nil
}

// copyMessage copies a message of the same name. If the descriptors differ, since one message is
// dynamic, it copies through the wire format.
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

func isList(v reflect.Value) bool { return v.Kind() == reflect.Slice || v.Kind() == reflect.Array }
