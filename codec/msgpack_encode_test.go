package codec_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/codec"
)

func TestMsgPackKeepsNothing(t *testing.T) {
	type raw struct {
		Raw    msgpack.RawMessage
		Bytes  []byte
		Intern string `msgpack:",intern"`
		Any    any
	}
	message, err := msgpack.Marshal("raw message")
	if err != nil {
		t.Fatal(err)
	}
	want := raw{message, []byte("bytes"), "interned", map[string]any{"k": []byte("inner")}}
	c := codec.MsgPack[raw]{}
	data, err := c.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	// The pooled decoder of the library has a buffer, which another call overwrites. That must not
	// change the value either.
	other, err := c.Encode(raw{message, []byte("other"), "else what", "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Decode(other); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMsgPackEncodeErrors(t *testing.T) {
	tests := []struct{ name, got, want string }{
		{"channel", encodeError(t, codec.MsgPack[chan int]{}, nil),
			"msgpack: Go type chan int holds a type MessagePack has no form for"},
		{"a marshaler's own", encodeError(t, codec.MsgPack[failing]{}, failing{secret}),
			"msgpack: cannot encode Go type codec_test.failing (*errors.errorString)"},
		{"pointer method out of reach", encodeError[any](t, codec.MsgPack[any]{}, pointers{}),
			"msgpack: Go type interface {} holds a value whose encoding method needs a pointer; " +
				"store a pointer there"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: error %q\n want %q", test.name, test.got, test.want)
		}
	}
}

// TestMsgPackIsMsgpack decodes what the library writes, and the reverse, in every width of a
// number.
func TestMsgPackIsMsgpack(t *testing.T) {
	for _, v := range []any{
		nil, true, int8(-1), int8(-128), int16(math.MinInt16), int32(math.MinInt32), int64(
			math.MinInt64), uint8(255), uint16(math.MaxUint16),
		uint32(math.MaxUint32), uint64(math.MaxUint64), float32(0.5), 0.1, "", strings.Repeat("x",
			31), strings.Repeat("x", 255), strings.Repeat("x", 70000),
		[]byte{}, make([]byte, 255), make([]byte, 70000), make([]any, 15), make([]any,
			70000), map[string]any{"a": []any{}}, time.Unix(1, 2).UTC(),
	} {
		want, err := msgpack.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%T, %d bytes", v, len(want))
		data, err := codec.MsgPack[any]{}.Encode(v)
		if !bytes.Equal(data, want) || err != nil {
			t.Errorf("%s: Encode writes other bytes than the library (%v)", name, err)
		}
		var expected any
		if err := msgpack.Unmarshal(want, &expected); err != nil {
			t.Fatal(err)
		}
		got, err := codec.MsgPack[any]{}.Decode(want)
		if diff := cmp.Diff(expected, got); diff != "" || err != nil {
			t.Errorf("%s: Decode reads another value than the library (%v) %s", name, err, diff)
		}
	}
}
