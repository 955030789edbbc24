package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/activettl/rediscache/codec"
)

// Form is how a value is written.
type Form string

// The forms. Protobuf cannot be guessed.
const (
	JSON     Form = "json"
	MsgPack  Form = "msgpack"
	Protobuf Form = "protobuf"
	Text     Form = "text"
	Bytes    Form = "bytes"
)

// Guess returns the form that a value seems to have: JSON if it is valid JSON, text if it is UTF-8
// without control characters, MsgPack if it is one MessagePack value, or else bytes.
func Guess(plain []byte) Form {
	switch {
	case json.Valid(plain):
		return JSON
	case isText(plain):
		return Text
	}
	if _, err := msgpackJSON(plain); err == nil {
		return MsgPack
	}
	return Bytes
}

func isText(data []byte) bool {
	return utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f
	})
}

// Show returns a value of a form as JSON, or nil if it is text or bytes.
func Show(plain []byte, form Form, message *Message) ([]byte, error) {
	switch form {
	case JSON:
		if !json.Valid(plain) {
			return nil, errors.New("the value is not JSON")
		}
		return plain, nil
	case MsgPack:
		return msgpackJSON(plain)
	case Protobuf:
		return message.json(plain)
	}
	return nil, nil
}

// Kindred says why a value may not take the place of another one: a program that reads the old one
// would not read the new one. What reads a text may read anything.
func Kindred(old, value []byte) error {
	was, is := Guess(old), Guess(value)
	switch {
	case was != is && was != Text, was == JSON && isContainer(old) && !isContainer(value):
		return fmt.Errorf("the record holds %s, and the value is %s", nameOf(old, was),
			nameOf(value, is))
	}
	return nil
}

func nameOf(data []byte, form Form) string {
	switch {
	case form == JSON && isContainer(data):
		return "a JSON object or list"
	case form == JSON:
		return "a single JSON value"
	case form == MsgPack:
		return "MessagePack"
	}
	return string(form)
}

func isContainer(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[') && json.Valid(data)
}

// setter returns the codec that sets fields of a form.
func setter(form Form) (codec.Codec[any], error) {
	switch form {
	case JSON:
		return codec.JSON[any]{UseNumber: true}, nil
	case MsgPack:
		return codec.MsgPack[any]{}, nil
	}
	return nil, fmt.Errorf("the value is %s; fields have JSON and MessagePack only", form)
}
