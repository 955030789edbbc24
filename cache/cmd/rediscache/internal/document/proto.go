package document

import (
	"errors"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Message is a type of protobuf message.
type Message struct {
	descriptor protoreflect.MessageDescriptor
	types      *dynamicpb.Types
}

// NewMessage returns the type with this full name in a descriptor set, which
// protoc --include_imports --descriptor_set_out has written.
func NewMessage(set []byte, name string) (*Message, error) {
	var all descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(set, &all); err != nil || len(all.File) == 0 {
		return nil, errors.New("it is not a descriptor set of protoc")
	}
	files, err := protodesc.NewFiles(&all)
	if err != nil {
		return nil, errors.New("the descriptor set is not complete: " +
			"call protoc with --include_imports")
	}
	found, err := files.FindDescriptorByName(protoreflect.FullName(name))
	message, ok := found.(protoreflect.MessageDescriptor)
	if err != nil || !ok {
		return nil, errors.New("the descriptor set has no message of that name")
	}
	return &Message{message, dynamicpb.NewTypes(files)}, nil
}

// json returns a message as JSON, with the names of the .proto file. It refuses a message with
// unknown fields, because it probably has another type.
func (m *Message) json(data []byte) ([]byte, error) {
	v := dynamicpb.NewMessage(m.descriptor)
	if err := (proto.UnmarshalOptions{Resolver: m.types}).Unmarshal(data, v); err != nil {
		return nil, errors.New("the value is not a message of this type")
	}
	if len(v.GetUnknown()) > 0 {
		return nil, errors.New("the value has fields that this type does not have")
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true, Resolver: m.types}.Marshal(v)
	if err != nil {
		return nil, errors.New("the message cannot be shown as JSON")
	}
	return text, nil
}
