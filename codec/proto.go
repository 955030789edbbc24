package codec

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// Proto is the codec of protobuf messages. M is the pointer type of the generated code:
// Proto[*pb.User]. The zero value is ready, and safe for concurrent use. It adds no allocation to
// proto.Marshal, and to proto.Unmarshal only that of the message.
//
// The wire format does not say where a message ends, or which message it is. Empty input is a valid
// empty message. A part of a message, or another message, often decodes too.
//
// The encoding is not canonical. Equal messages may have different bytes, and other versions of the
// library may write different bytes. So compare messages and never bytes.
//
// Unknown fields are kept. The library limits nesting to 10000 levels.
type Proto[M proto.Message] struct{}

// Encode returns m in the wire format. A nil message is an error.
func (c Proto[M]) Encode(m M) ([]byte, error) { return c.Append(nil, m) }

// Append implements [Appender].
func (Proto[M]) Append(dst []byte, m M) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // from a message of another generator than protoc-gen-go
			data, err = dst, protoErrorf("cannot encode %s: it panicked with %T",
				reflect.TypeFor[M](), p)
		}
	}()
	if any(m) == nil || !m.ProtoReflect().IsValid() {
		return dst, protoErrorf("cannot encode a nil %s", reflect.TypeFor[M]())
	}
	if data, err = (proto.MarshalOptions{}).MarshalAppend(dst, m); err != nil {
		return dst, protoErrorf("cannot encode %s: %s", m.ProtoReflect().Descriptor().FullName(),
			reason(m, "a string that is not UTF-8"))
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// Decode returns a new message. It returns an error for data that is no valid M.
func (Proto[M]) Decode(data []byte) (M, error) {
	m, err := newMessage[M]()
	if err != nil {
		return m, err
	}
	if err := proto.Unmarshal(data, m); err != nil {
		var none M
		name := m.ProtoReflect().Descriptor().FullName()
		return none, protoErrorf("data is no valid %s: %s", name, reason(m,
			"malformed, cut off, nested too deeply, or a string that is not UTF-8"))
	}
	return m, nil
}

// Clone returns a copy of m.
func (Proto[M]) Clone(m M) M { return proto.CloneOf(m) }

// SetFields implements [FieldSetter]. The name of a field is that in the .proto file: display_name,
// not displayName. Unknown fields stay.
//
// These values fit:
//
//   - A scalar takes what [JSON.SetFields] takes for the Go type of the field: numbers that it
//     holds exactly, strings, bools, bytes.
//   - An enum takes a value of its generated type, a number, or the name of a value as a string. A
//     closed enum (proto2) takes only numbers that it declares.
//   - A message field takes a message of the same full name, or a value whose JSON protojson can
//     read. Examples are a time.Time or RFC 3339 for a Timestamp, a time.Duration for a Duration,
//     and a scalar for a wrapper. A map[string]any fits a Struct and any other message.
//   - A repeated field takes a slice or an array, and a map field a map, element by element.
//   - A nil clears the field.
//
// Setting a member of a oneof clears the other members.
func (c Proto[M]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	m, err := c.Decode(data)
	if err != nil {
		return nil, err
	}
	no := func(string) bool { return false }
	changes, err := changesOf(docs{jsonFormat{}}, "proto", fields, no)
	if err != nil {
		return nil, err
	}
	oneofs := map[string]oneofMember{}
	for i := range changes {
		p := protoPutter{&changes[i], m.ProtoReflect().Descriptor(), oneofs}
		if err := p.apply(m.ProtoReflect()); err != nil {
			return nil, err
		}
	}
	if data, err = c.Encode(m); err != nil {
		return nil, &fieldError{err.Error(), ErrFieldValue}
	}
	if _, err := c.Decode(data); err != nil {
		return nil, &fieldError{"proto: with these values, data does not decode", ErrFieldValue}
	}
	return data, nil
}

// Check implements [Checker].
func (Proto[M]) Check() error {
	_, err := newMessage[M]()
	return err
}

// newMessage makes an empty message. It calls a method of M, so it allocates only the message.
func newMessage[M proto.Message]() (m M, err error) {
	defer func() {
		if recover() != nil {
			// *dynamicpb.Message panics: it has no message type without a descriptor.
			err = protoErrorf("%s does not know its message type; use the generated type",
				reflect.TypeFor[M]())
		}
	}()
	if any(m) == nil {
		return m, protoErrorf("cannot decode into the interface %s; "+
			"use the generated type, such as Proto[*pb.User]", reflect.TypeFor[M]())
	}
	fresh, ok := m.ProtoReflect().Type().New().Interface().(M)
	if !ok {
		return m, protoErrorf("%s only wraps a message; use the generated type",
			reflect.TypeFor[M]())
	}
	return fresh, nil
}

// protoError is an error with a text of this package. It wraps nothing; the package comment says
// why.
type protoError struct{ text string }

func (e *protoError) Error() string { return "proto: " + e.text }

func protoErrorf(format string, args ...any) error {
	return &protoError{fmt.Sprintf(format, args...)}
}

// reason returns a text in place of that of the library. That text names fields and no values
// today, but messages of other generators may have methods whose errors quote values.
func reason(m proto.Message, otherwise string) string {
	if proto.CheckInitialized(m) != nil {
		return "a required field is not set"
	}
	return otherwise
}

// nilOf names a nil value in an error.
type nilOf struct{ t reflect.Type }

func (n nilOf) String() string { return "a nil " + n.t.String() }
