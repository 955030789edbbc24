package frame

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/activettl/rediscache/internal/testpb"
)

// message returns a proto2 message with a field for each description. A description is "label type
// number", with " packed" after it for a packed list.
func message(tb testing.TB, fields ...string) protoreflect.MessageDescriptor {
	tb.Helper()
	all := make([]*descriptorpb.FieldDescriptorProto, len(fields))
	for i, f := range fields {
		words := strings.Fields(f)
		number := int32(0)
		if _, err := fmt.Sscan(words[2], &number); err != nil {
			tb.Fatal(err)
		}
		fd := testpb.Double(fmt.Sprint("f", number), number)
		fd.Label = descriptorpb.FieldDescriptorProto_Label(descriptorpb.
			FieldDescriptorProto_Label_value["LABEL_"+strings.ToUpper(words[0])]).Enum()
		fd.Type = descriptorpb.FieldDescriptorProto_Type(descriptorpb.
			FieldDescriptorProto_Type_value["TYPE_"+strings.ToUpper(words[1])]).Enum()
		if len(words) > 3 {
			fd.Options = &descriptorpb.FieldOptions{Packed: proto.Bool(true)}
		}
		all[i] = fd
	}
	return testpb.Clash(all...)
}

// clash is a message type whose descriptor the test sets.
type clash struct{ *dynamicpb.Message }

var clashing protoreflect.MessageDescriptor

func (*clash) ProtoReflect() protoreflect.Message { return dynamicpb.NewMessage(clashing) }

func TestCollision(t *testing.T) {
	for _, tt := range []struct {
		fields string
		kinds  []Kind
		want   string
	}{
		{"optional double 24", nil, "field clash.M.f24 = 24"},
		{"optional double 24", []Kind{S2}, "field clash.M.f24 = 24"},
		{"optional double 24", []Kind{Sealed}, ""},
		{"optional fixed64 40", []Kind{Zstd}, "field clash.M.f40 = 40"},
		{"optional sfixed64 56", nil, "field clash.M.f56 = 56"},
		{"optional sfixed64 264", []Kind{Sealed}, "field clash.M.f264 = 264"},
		{"optional double 520", []Kind{Version}, "field clash.M.f520 = 520"},
		{"repeated double 24", nil, "field clash.M.f24 = 24"},
		{"repeated double 24 packed", nil, ""},
		{"optional double 8", nil, ""},
		{"optional double 23", nil, ""},
		{"optional double 25", nil, ""},
		{"optional int64 24", nil, ""},
		{"optional fixed32 24", nil, ""},
		{"optional int64 1;optional double 2072", nil, "field clash.M.f2072 = 2072"},
	} {
		t.Run(fmt.Sprint(tt.fields, tt.kinds), func(t *testing.T) {
			clashing = message(t, strings.Split(tt.fields, ";")...)
			if got := Collision(reflect.TypeFor[*clash](), tt.kinds...); got != tt.want {
				t.Errorf("Collision gives %q, want %q", got, tt.want)
			}
		})
	}
}

// TestCollisionOfTags compares collides with the tags that protowire writes.
func TestCollisionOfTags(t *testing.T) {
	for number := int32(1); number < 70_000; number++ {
		if number >= 19_000 && number < 20_000 {
			continue // reserved
		}
		tag := protowire.AppendTag(nil, protowire.Number(number), protowire.Fixed64Type)
		second, got := collides(numbered{message0, protoreflect.FieldNumber(number)})
		if want := tag[0] == Magic; got != want || got && second != tag[1] {
			t.Fatalf("field %d: collides gives %#x, %v; the tag is % x", number, second, got, tag)
		}
	}
}

var message0 = (&testpb.Kinds{}).ProtoReflect().Descriptor().Fields().ByName("a_double")

// numbered is a field with another number.
type numbered struct {
	protoreflect.FieldDescriptor
	number protoreflect.FieldNumber
}

func (n numbered) Number() protoreflect.FieldNumber { return n.number }

func TestNoCollision(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[*testpb.User](), reflect.TypeFor[*testpb.Kinds](),
		reflect.TypeFor[*dynamicpb.Message](), reflect.TypeFor[proto.Message](),
		reflect.TypeFor[string](), reflect.TypeFor[any](), reflect.TypeFor[error](),
	} {
		if got := Collision(typ); got != "" {
			t.Errorf("Collision(%v) gives %q", typ, got)
		}
	}
}
