package codec_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

// wrapper is a message to the compiler, since it embeds one.
type wrapper struct{ *testpb.User }

func TestProtoDecode(t *testing.T) {
	m, err := codec.Proto[*testpb.User]{}.Decode(nil)
	if m == nil || err != nil || !proto.Equal(m, &testpb.User{}) {
		t.Errorf("no bytes decode to %v, %v; want an empty message", m, err)
	}
	unknown, err := proto.Marshal(annProto())
	if err != nil {
		t.Fatal(err)
	}
	address, err := codec.Proto[*timestamppb.Timestamp]{}.Decode(unknown)
	if err == nil && len(address.ProtoReflect().GetUnknown()) == 0 {
		t.Error("unknown fields are lost")
	}
	tests := []struct{ name, got, want string }{
		{"malformed", decodeError(t, codec.Proto[*testpb.User]{}, "\x12\x7fhunter2"),
			"proto: data is no valid rediscache.test.User: malformed, cut off, nested too " +
				"deeply, or a string that is not UTF-8"},
		{"required", decodeError(t, codec.Proto[*descriptorpb.UninterpretedOption_NamePart]{}, ""),
			"proto: data is no valid google.protobuf.UninterpretedOption.NamePart: a required " +
				"field is not set"},
		{"interface", decodeError(t, codec.Proto[proto.Message]{}, ""),
			"proto: cannot decode into the interface protoreflect.ProtoMessage; use the " +
				"generated type, such as Proto[*pb.User]"},
		{"dynamic", decodeError(t, codec.Proto[*dynamicpb.Message]{}, ""),
			"proto: *dynamicpb.Message does not know its message type; use the generated type"},
		{"wrapper", decodeError(t, codec.Proto[wrapper]{}, ""),
			"proto: codec_test.wrapper only wraps a message; use the generated type"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: error %q\n want %q", test.name, test.got, test.want)
		}
	}
}

func TestProtoEncodeErrors(t *testing.T) {
	tests := []struct{ name, got, want string }{
		{"nil pointer", encodeError(t, codec.Proto[*testpb.User]{}, nil),
			"proto: cannot encode a nil *testpb.User"},
		{"nil interface", encodeError[proto.Message](t, codec.Proto[proto.Message]{}, nil),
			"proto: cannot encode a nil protoreflect.ProtoMessage"},
		{"nil pointer in an interface",
			encodeError[proto.Message](t, codec.Proto[proto.Message]{}, (*testpb.User)(nil)),
			"proto: cannot encode a nil protoreflect.ProtoMessage"},
		{"not UTF-8",
			encodeError(t, codec.Proto[*testpb.User]{}, &testpb.User{Name: "hunter2\xff"}),
			"proto: cannot encode rediscache.test.User: a string that is not UTF-8"},
		{"required",
			encodeError(t, codec.Proto[*descriptorpb.UninterpretedOption_NamePart]{},
				&descriptorpb.UninterpretedOption_NamePart{}),
			"proto: cannot encode google.protobuf.UninterpretedOption.NamePart: a required " +
				"field is not set"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: error %q\n want %q", test.name, test.got, test.want)
		}
	}
	data, err := codec.Proto[*testpb.User]{}.Encode(&testpb.User{})
	if data == nil || len(data) != 0 || err != nil {
		t.Errorf("an empty message encodes to %#v, %v; want empty and not nil", data, err)
	}
}

// TestProtoSetField sets one field of a full message, and expects this change only.
func TestProtoSetField(t *testing.T) {
	at := timestamppb.Now()
	type user = *testpb.User
	tests := []struct {
		name, field string
		value       any
		want        func(user)
	}{
		{"int64", "id", 7, func(u user) { u.Id = 7 }},
		{"int32 from float64", "age", 32.0, func(u user) { u.Age = 32 }},
		{"int32 from json.Number", "age", json.Number("32"), func(u user) { u.Age = 32 }},
		{"string", "name", "Bob", func(u user) { u.Name = "Bob" }},
		{"bool", "active", false, func(u user) { u.Active = false }},
		{"double from int", "score", 3, func(u user) { u.Score = 3 }},
		{"bytes", "avatar", []byte("x"), func(u user) { u.Avatar = []byte("x") }},
		{"enum by type", "role", testpb.Role_ROLE_MEMBER, func(u user) { u.Role = 1 }},
		{"enum by number", "role", 1, func(u user) { u.Role = 1 }},
		{"enum by unknown number", "role", 77, func(u user) { u.Role = 77 }},
		{"enum by name", "role", "ROLE_MEMBER", func(u user) { u.Role = 1 }},
		{"message", "address", &testpb.Address{Street: "s"}, func(u user) {
			u.Address = &testpb.Address{Street: "s"}
		}},
		{"message of a library", "created_at", at, func(u user) { u.CreatedAt = at }},
		{"repeated", "tags", []string{"x", "y"}, func(u user) { u.Tags = []string{"x", "y"} }},
		{"repeated from any", "tags", []any{"x"}, func(u user) { u.Tags = []string{"x"} }},
		{"repeated, none", "tags", []string{}, func(u user) { u.Tags = nil }},
		{"map", "labels", map[string]string{"a": "b"}, func(u user) {
			u.Labels = map[string]string{"a": "b"}
		}},
		{"map of any", "labels", map[any]any{"a": "b"}, func(u user) {
			u.Labels = map[string]string{"a": "b"}
		}},
		{"optional", "nickname", "", func(u user) { u.Nickname = new(string) }},
		{"optional, cleared", "nickname", nil, func(u user) { u.Nickname = nil }},
		{"oneof", "chat_handle", "@ann", func(u user) {
			u.Contact = &testpb.User_ChatHandle{ChatHandle: "@ann"}
		}},
		{"nil clears a scalar", "age", nil, func(u user) { u.Age = 0 }},
		{"nil clears a message", "address", nil, func(u user) { u.Address = nil }},
		{"nil pointer clears", "address", (*testpb.Address)(nil), func(u user) { u.Address = nil }},
		{"nil slice clears", "tags", []string(nil), func(u user) { u.Tags = nil }},
		{"nil clears a oneof", "phone", nil, func(u user) { u.Contact = nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := annProto()
			test.want(want)
			u := annProto()
			got, err := codec.SetField(codec.Proto[user]{}, u, test.field, test.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProtoSetFieldKinds(t *testing.T) {
	c := codec.Proto[*testpb.Kinds]{}
	addresses := []*testpb.Address{{City: "x"}}
	m := &testpb.Kinds{}
	for field, value := range map[string]any{
		"an_int32": 1, "an_int64": 2, "a_uint32": 3, "a_uint64": uint64(math.MaxUint64),
		"a_sint32": -5, "a_sint64": -6, "a_fixed32": 7, "a_fixed64": 8,
		"a_sfixed32": -9, "a_sfixed64": -10, "a_float": 0.5, "a_double": 0.1, "a_bool": true,
		"a_string": "s", "some_bytes": []byte("b"),
		"a_role": "ROLE_ADMIN", "an_address": addresses[0], "int32s": []any{1, 2.0},
		"blobs": [][]byte{[]byte("c")},
		"roles": []any{"ROLE_MEMBER", 2}, "addresses": addresses,
		"roles_by_id":       map[int]any{1: "ROLE_MEMBER"},
		"addresses_by_name": map[string]*testpb.Address{"a": addresses[0]},
		"weights":           map[bool]int{true: 1},
	} {
		after, err := codec.SetField(c, m, field, value)
		if err != nil {
			t.Error(err)
			continue
		}
		m = after
	}
	addresses[0].City = "changed later"
	address := &testpb.Address{City: "x"}
	want := &testpb.Kinds{
		AnInt32: 1, AnInt64: 2, AUint32: 3, AUint64: math.MaxUint64, ASint32: -5, ASint64: -6,
		AFixed32: 7, AFixed64: 8, ASfixed32: -9, ASfixed64: -10,
		AFloat: 0.5, ADouble: 0.1, ABool: true, AString: "s", SomeBytes: []byte(
			"b"), ARole: 2, AnAddress: address, Int32S: []int32{1, 2},
		Blobs: [][]byte{[]byte("c")}, Roles: []testpb.Role{1,
			2}, Addresses: []*testpb.Address{address},
		RolesById: map[int32]testpb.Role{1: 1}, AddressesByName: map[string]*testpb.Address{
			"a": address}, Weights: map[bool]float64{true: 1},
	}
	if diff := cmp.Diff(want, m, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// TestProtoSetFieldTakesDynamicMessages sets the same message as another Go type, also from another
// descriptor.
func TestProtoSetFieldTakesDynamicMessages(t *testing.T) {
	generated := (&testpb.Address{}).ProtoReflect().Descriptor()
	file, err := protodesc.NewFile(protodesc.ToFileDescriptorProto(generated.ParentFile()),
		protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	for name, descriptor := range map[string]protoreflect.MessageDescriptor{"generated": generated,
		"parsed": file.Messages().ByName("Address")} {
		dynamic := dynamicpb.NewMessage(descriptor)
		if err := proto.Unmarshal([]byte("\x12\x01x"), dynamic); err != nil {
			t.Fatal(err)
		}
		u, err := codec.SetField(codec.Proto[*testpb.User]{}, &testpb.User{}, "address", dynamic)
		if err != nil || u.GetAddress().GetCity() != "x" {
			t.Errorf("%s descriptor: SetField = %v, %v", name, u, err)
		}
	}
}

func TestProtoSetFieldErrors(t *testing.T) {
	tests := []struct {
		field string
		value any
		is    error
		want  string
	}{
		{"agee", 1, codec.ErrUnknownField, `proto: no field "agee" in rediscache.test.User`},
		{"chatHandle", "x", codec.ErrUnknownField,
			`proto: no field "chatHandle" in rediscache.test.User`},
		{"contact", "x", codec.ErrUnknownField,
			`proto: no field "contact" in rediscache.test.User`},
		{"age", secret, codec.ErrFieldValue,
			`proto: field "age" of type int32 does not take a string`},
		{"age", int64(1 << 40), codec.ErrFieldValue,
			`proto: field "age" of type int32 cannot hold this int64 exactly`},
		{"age", 3.5, codec.ErrFieldValue,
			`proto: field "age" of type int32 cannot hold this float64 exactly`},
		{"name", 3, codec.ErrFieldValue, `proto: field "name" of type string does not take an int`},
		{"avatar", secret, codec.ErrFieldValue,
			`proto: field "avatar" of type bytes does not take a string`},
		{"role", secret, codec.ErrFieldValue,
			`proto: field "role" of type rediscache.test.Role does not take a string`},
		{"role", descriptorpb.FieldDescriptorProto_TYPE_INT64, codec.ErrFieldValue, ""},
		{"address", timestamppb.Now(), codec.ErrFieldValue,
			`proto: field "address" of type rediscache.test.Address does not take a ` +
				`*timestamppb.Timestamp`},
		{"address", "x", codec.ErrFieldValue, ""},
		{"tags", "x", codec.ErrFieldValue,
			`proto: field "tags" of type repeated string does not take a string`},
		{"tags", []any{"x", 1}, codec.ErrFieldValue,
			`proto: field "tags" of type repeated string does not take a []interface {}`},
		{"tags", []any{nil}, codec.ErrFieldValue, ""},
		{"labels", map[string]any{"a": "b", "c": 1}, codec.ErrFieldValue,
			`proto: field "labels" of type map<string, string> does not take a ` +
				`map[string]interface {}`},
		{"labels", []string{"x"}, codec.ErrFieldValue, ""},
	}
	for _, test := range tests {
		u := annProto()
		_, err := codec.SetField(codec.Proto[*testpb.User]{}, u, test.field, test.value)
		if err == nil {
			t.Errorf("%s takes %v", test.field, test.value)
			continue
		}
		if test.want != "" && err.Error() != test.want {
			t.Errorf("error %q\n want %q", err, test.want)
		}
		if errors.Is(err, codec.ErrUnknownField) != (test.is == codec.ErrUnknownField) ||
			errors.Is(err, codec.ErrFieldValue) != (test.is == codec.ErrFieldValue) {
			t.Errorf("error %q wraps %v, want %v", err, errors.Unwrap(err), test.is)
		}
		if diff := cmp.Diff(annProto(), u, protocmp.Transform()); diff != "" {
			t.Errorf("a failed SetField changed the message: %s", diff)
		}
	}
	kinds := codec.Proto[*testpb.Kinds]{}
	if _, err := codec.SetField(kinds, &testpb.Kinds{}, "roles_by_id",
		map[any]any{1: 1, int64(1): 2}); !errors.Is(err, codec.ErrFieldValue) {
		t.Errorf("two keys that become one: %v, want ErrFieldValue", err)
	}
	closed := codec.Proto[*descriptorpb.FieldDescriptorProto]{}
	_, err := codec.SetField(closed, &descriptorpb.FieldDescriptorProto{}, "type", 99)
	if !errors.Is(err, codec.ErrFieldValue) {
		t.Errorf("number a closed enum does not declare: %v, want ErrFieldValue", err)
	}
}
