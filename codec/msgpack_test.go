package codec_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/codec"
)

type nilOnEmpty struct{}

func (n nilOnEmpty) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeNil() }
func (n *nilOnEmpty) DecodeMsgpack(*msgpack.Decoder) error  { return nil }

func TestMsgPackDecodeErrors(t *testing.T) {
	type holdsError struct{ Err error }
	tests := []struct {
		name string
		got  func(*testing.T) string
		want string
	}{
		{"empty", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[int]{}, "")
		}, "msgpack: data ends inside the value"},
		{"cut", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[string]{}, "\xa5hunt")
		}, "msgpack: data ends inside the value"},
		{"cut map", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[any]{}, "\xde\x00\x02\x01\x02")
		}, "msgpack: data ends inside the value"},
		{"trailing", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[int]{}, "\x01\x02")
		}, "msgpack: more data behind the value at offset 1"},
		{"unused code", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[any]{}, "\x92\x01\xc1")
		}, "msgpack: no value at offset 2"},
		{"nil", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[int]{}, "\xc0")
		}, "msgpack: nil does not fit Go type int"},
		{"nil for a struct", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[User]{}, "\xc0")
		}, "msgpack: nil does not fit Go type codec_test.User"},
		{"wrong kind, which the library quotes", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[User]{}, "\x81\xa4name\x05")
		},
			"msgpack: data does not fit Go type codec_test.User: no string before offset 7"},
		{"time", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[User]{}, "\x81\xa7created\xa7hunter2")
		}, ""},
		{"an unmarshaler's own", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[failing]{}, "\xa7hunter2")
		},
			"msgpack: data does not fit Go type codec_test.failing, seen at offset 8 " +
				"(*errors.errorString)"},
		{"a number for an error panics", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[holdsError]{}, "\x81\xa3Err\x05")
		},
			"msgpack: data does not fit Go type codec_test.holdsError (the decoder panicked " +
				"with string)"},
		{"a list for a key panics", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[map[any]int]{}, "\x81\x91\x01\x02")
		}, ""},
		{"deep", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[any]{}, strings.Repeat("\x91", 1<<20))
		}, "msgpack: nested more than 10000 levels deep"},
		{"deep maps", func(t *testing.T) string {
			return decodeError(t, codec.MsgPack[any]{}, strings.Repeat("\x81\x01", 1<<19))
		}, "msgpack: nested more than 10000 levels deep"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.got(t)
			if test.want != "" && got != test.want {
				t.Errorf("error %q\n want %q", got, test.want)
			}
			if strings.Contains(got, secret) || strings.Count(got, "msgpack: ") != 1 {
				t.Errorf("error %q quotes the value or repeats its prefix", got)
			}
		})
	}
}

func TestMsgPackNil(t *testing.T) {
	if v, err := (codec.MsgPack[*User]{}).Decode([]byte{0xc0}); v != nil || err != nil {
		t.Errorf("pointer: %v, %v", v, err)
	}
	if v, err := (codec.MsgPack[map[string]int]{}).Decode([]byte{0xc0}); v != nil || err != nil {
		t.Errorf("map: %v, %v", v, err)
	}
	if _, err := (codec.MsgPack[nilOnEmpty]{}).Decode([]byte{0xc0}); err != nil {
		t.Errorf("type with its own form of nil: %v", err)
	}
	if v, err := (codec.MsgPack[any]{}).Encode(nil); !bytes.Equal(v, []byte{0xc0}) || err != nil {
		t.Errorf("Encode(nil) = %x, %v", v, err)
	}
}

// TestMsgPackLengths announces lengths beyond the end of the data. The library alone would reserve
// 4 GiB and more for some of them.
func TestMsgPackLengths(t *testing.T) {
	decoders := map[string]func([]byte) error{
		"any": func(b []byte) error {
			_, err := codec.MsgPack[any]{}.Decode(b)
			return err
		},
		"[]byte": func(b []byte) error {
			_, err := codec.MsgPack[[]byte]{}.Decode(b)
			return err
		},
		"[]int64": func(b []byte) error {
			_, err := codec.MsgPack[[]int64]{}.Decode(b)
			return err
		},
		"[]string": func(b []byte) error {
			_, err := codec.MsgPack[[]string]{}.Decode(b)
			return err
		},
		"map[string]any": func(b []byte) error {
			_, err := codec.MsgPack[map[string]any]{}.Decode(b)
			return err
		},
		"map[string]string": func(b []byte) error {
			_, err := codec.MsgPack[map[string]string]{}.Decode(b)
			return err
		},
		"map[int]User": func(b []byte) error {
			_, err := codec.MsgPack[map[int]User]{}.Decode(b)
			return err
		},
		"User": func(b []byte) error { _, err := codec.MsgPack[User]{}.Decode(b); return err },
	}
	inputs := []string{
		"\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff",
		"\xdb\xff\xff\xff\xff",
		"\xdc\xff\xff", "\xde\xff\xff", "\xc9\xff\xff\xff\xff\x01",
		"\xdd\x7f\xff\xff\xff\xc0", "\x91\xdf\x7f\xff\xff\xff\xc0",
		// An extension that the library skips in front of a map.
		"\xc7\x05\x01\xdf\xff\xff\xff\xff", "\xd7\xff\xdf\xff\xff\xff\xff\x00\x00\x00",
		"\xc7\x06\x01\x81\xa1k\xdd\xff\xff\xff\xff",
	}
	for name, decode := range decoders {
		for _, input := range inputs {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := decode([]byte(input))
			runtime.ReadMemStats(&after)
			if timestamp := strings.HasPrefix(input, "\xd7\xff"); err == nil &&
				!(timestamp && name == "any") {
				t.Errorf("%x decodes into %s", input, name)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
				t.Errorf("%x into %s allocates %d bytes", input, name, grown)
			}
		}
	}
}

// TestMsgPackExtensions checks that valid extensions pass, also payloads that look like the header
// of a huge map.
func TestMsgPackExtensions(t *testing.T) {
	at := time.Unix(1<<33+5, 937_000_000) // its eight bytes begin with 0xdf
	type record struct {
		At   time.Time
		Kind string `msgpack:",intern"`
		Also string `msgpack:",intern"`
	}
	want := map[string]record{"a": {at, "kind", "kind"}, "b": {time.Unix(1, 0), "kind", "other"}}
	c := codec.MsgPack[map[string]record]{}
	data, err := c.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte{0xd7, 0xff, 0xdf}) {
		t.Fatalf("%x has no timestamp that looks like a map", data)
	}
	got, err := c.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMsgPackInternedStrings has so many strings that the number of one looks like the header of a
// map.
func TestMsgPackInternedStrings(t *testing.T) {
	type word struct {
		W string `msgpack:",intern"`
	}
	var want []word
	for range 2 {
		for i := range 300 {
			want = append(want, word{fmt.Sprintf("word %d", i)})
		}
	}
	c := codec.MsgPack[[]word]{}
	data, err := c.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Decode(data)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// twoParts writes more than one value, as the library's example of a CustomEncoder does.
type twoParts struct{ A, B int }

func (p twoParts) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeMulti(p.A, p.B) }

func (p *twoParts) DecodeMsgpack(d *msgpack.Decoder) error { return d.DecodeMulti(&p.A, &p.B) }

func TestMsgPackSeveralValuesForOne(t *testing.T) {
	type outer struct{ First, Second twoParts }
	want := outer{twoParts{1, 2}, twoParts{3, 4}}
	c := codec.MsgPack[outer]{}
	data, err := c.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Decode(data); got != want || err != nil {
		t.Errorf("Decode = %v, %v; want %v", got, err, want)
	}
}
