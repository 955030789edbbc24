package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/activettl/rediscache/codec"
)

// Form is the format of a value.
type Form string

// The forms. Protobuf cannot be guessed.
const (
	JSON     Form = "json"
	MsgPack  Form = "msgpack"
	Protobuf Form = "protobuf"
	Text     Form = "text"
	Bytes    Form = "bytes"
)

// Guess returns the form that a value seems to have, the first of these that fits:
//   - JSON: valid JSON
//   - Text: UTF-8 without control characters, except tabs and line ends
//   - MsgPack: exactly one MessagePack value
//   - Bytes: anything else
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

// Show returns a value as JSON, or nil if its form is Text or Bytes.
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

// Kindred returns an error if programs that read the old value could not read the new one. Programs
// that read text are assumed to read any value.
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
	return nil, fmt.Errorf("the value is %s; only JSON and MessagePack have fields", form)
}
