package frame

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Collision looks for a field of a protobuf message that can make its first bytes look like a
// frame. Any field may come first, since the fields before it may be unset.
//
// The tag of a field with 64 fixed bits (fixed64, sfixed64, double) is 8*number + 1 as a varint.
// For the numbers 24, 40, 56 and so on, its first byte is 0xC1 and the second one is a kind: 0x01
// for 24, 0x02 for 40, 0x10 for 264. Packed lists and maps have other tags.
//
// Collision returns words for the field, or "" if there is none or if t is no message. Only the
// given kinds count as second bytes. Without kinds, all second bytes count, even those that are no
// kind yet. Extensions count if the program has registered them.
func Collision(t reflect.Type, kinds ...Kind) string {
	md := descriptor(t)
	if md == nil {
		return ""
	}
	var found string
	look := func(fd protoreflect.FieldDescriptor) bool {
		if second, ok := collides(fd); ok && wanted(second, kinds) {
			found = fmt.Sprintf("field %s = %d", fd.FullName(), fd.Number())
		}
		return found == ""
	}
	for i := range md.Fields().Len() {
		if !look(md.Fields().Get(i)) {
			return found
		}
	}
	protoregistry.GlobalTypes.RangeExtensionsByMessage(md.FullName(),
		func(x protoreflect.ExtensionType) bool { return look(x.TypeDescriptor()) })
	return found
}

// collides returns the byte after 0xC1, if the field starts with 0xC1.
func collides(fd protoreflect.FieldDescriptor) (second byte, ok bool) {
	switch fd.Kind() {
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
	default:
		return 0, false
	}
	if fd.IsPacked() {
		return 0, false
	}
	const fixed64 = 1 // the wire type
	tag := uint64(fd.Number())<<3 | fixed64
	if tag < 0x80 || byte(tag)|0x80 != Magic {
		return 0, false
	}
	second = byte(tag>>7) & 0x7f
	if tag>>14 != 0 {
		second |= 0x80
	}
	return second, true
}

func wanted(second byte, kinds []Kind) bool {
	for _, k := range kinds {
		if k == Kind(second) {
			return true
		}
	}
	return len(kinds) == 0
}

// descriptor returns the descriptor of messages of type t, or nil if the type has none.
func descriptor(t reflect.Type) (md protoreflect.MessageDescriptor) {
	defer func() {
		if recover() != nil { // of *dynamicpb.Message: its type has no descriptor
			md = nil
		}
	}()
	if !t.Implements(reflect.TypeFor[proto.Message]()) {
		return nil
	}
	m, ok := reflect.Zero(t).Interface().(proto.Message)
	if !ok { // an interface type
		return nil
	}
	return m.ProtoReflect().Descriptor()
}
