package codec_test

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/activettl/rediscache/codec"
)

// inText is a codec.Transform that keeps values as printable text.
type inText struct{}

func (inText) Apply(dst, data []byte, _ string) ([]byte, error) {
	return base64.StdEncoding.AppendEncode(dst, data), nil
}

func (inText) Undo(dst, data []byte, _ string) ([]byte, error) {
	dst, err := base64.StdEncoding.AppendDecode(dst, data)
	if err != nil {
		return dst, errors.New("not base64") // err may quote the value
	}
	return dst, nil
}

func ExampleWrap() {
	c := codec.Wrap(codec.MsgPack[map[string]int]{}, inText{})
	data, err := c.Encode(map[string]int{"a": 1})
	fmt.Println(string(data), err)
	data, err = codec.SetFieldsFor(c, "", data, map[string]any{"a": 2}) // as UpdateField does
	fmt.Println(string(data), err)
	fmt.Println(c.Decode(data))
	// Output:
	// gaFhAQ== <nil>
	// gaFhAg== <nil>
	// map[a:2] <nil>
}
