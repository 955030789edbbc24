package testpb

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Clash describes clash.M, a proto2 message with these fields. Its first bytes may look like a
// frame, so no .proto file here has it. Clash panics if the fields are not valid in one message.
func Clash(fields ...*descriptorpb.FieldDescriptorProto) protoreflect.MessageDescriptor {
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("clash.proto"), Package: proto.String("clash"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: fields}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		panic(err)
	}
	return file.Messages().Get(0)
}

// Double describes a field of type double.
func Double(name string, number int32) *descriptorpb.FieldDescriptorProto {
	return &descriptorpb.FieldDescriptorProto{
		Name: proto.String(name), Number: proto.Int32(number),
		Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Type:  descriptorpb.FieldDescriptorProto_TYPE_DOUBLE.Enum(),
	}
}
