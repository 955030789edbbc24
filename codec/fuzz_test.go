package codec_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

// fuzzed adds what User lacks: types for which the libraries use other code.
type fuzzed struct {
	User
	Any     any
	Anys    map[string]any
	Lists   [][]string
	Numbers map[int8]float32
	Array   [3]uint16
	Bytes   [4]byte
	Self    map[string]fuzzed
	Err     error       `json:"-"`
	Keyed   map[any]any `json:"-"`
	Intern  string      `msgpack:",intern"`
}

// again encodes a decoded value and decodes it again. Not every decoded value can be encoded, such
// as a NaN. What can be encoded must come back.
func again[V any](t *testing.T, c codec.Codec[V], v V, equal func(a, b V) bool) {
	t.Helper()
	data, err := c.Encode(v)
	if err != nil {
		return
	}
	back, err := c.Decode(data)
	if err != nil {
		t.Fatalf("%q, from %+v, does not decode: %v", data, v, err)
	}
	if equal != nil && !equal(v, back) {
		t.Fatalf("%+v comes back as %+v", v, back)
	}
}

// allocates runs a Decode and checks its allocations. The input may announce lengths beyond its
// end, so the memory must be in proportion to its size. One byte may be an element as large as a
// fuzzed, and a map starts with eight slots.
func allocates(t *testing.T, data []byte, decode func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	decode()
	runtime.ReadMemStats(&after)
	most := uint64(64<<10 + 8*int(unsafe.Sizeof(fuzzed{}))*len(data))
	if took := after.TotalAlloc - before.TotalAlloc; took > most {
		t.Errorf("%d bytes took %d bytes of memory: %.200q", len(data), took, data)
	}
}

func FuzzJSONDecode(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`,
		` {"id":1,"name":"ann","created":"2024-02-29T12:00:00Z","boss":{"tags":["a",null]}} `,
		`{"Any":[1,"\ud800",{"a":{}}]}`,
		`{"Array":[1,2,3,4],"Numbers":{"-128":1e38}}`, `{"Self":{"":{"Self":{}}}}`, `[[[[`, `1e999`,
		`"\u0000"`,
		`{"Any":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990) +
			`}`, strings.Repeat(`{"Self":{"":`, 10_001),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		allocates(t, data, func() { _, _ = codec.JSON[fuzzed]{}.Decode(data) })
		if v, err := (codec.JSON[fuzzed]{}).Decode(data); err == nil {
			again(t, codec.JSON[fuzzed]{}, v, nil)
		}
		if v, err := (codec.JSON[any]{}).Decode(data); err == nil {
			again(t, codec.JSON[any]{}, v, func(a, b any) bool { return reflect.DeepEqual(a, b) })
		}
	})
}

func FuzzMsgPackDecode(f *testing.F) {
	packed, err := codec.MsgPack[User]{}.Encode(ann())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	for _, seed := range []string{
		"", "\xc0", "\x80", "\x81\xa3Any\x93\x01\xa1x\x80", "\x81\xa3Err\x05",
		"\x81\xa5Keyed\x81\x90\x01", "\xdd\xff\xff\xff\xff",
		"\x81\xa4Anys\xc7\x05\x01\xdf\xff\xff\xff\xff", "\xd7\xff\xdf\xff\xff\xff\xff\x00\x00\x00",
		"\x81\xa6Intern\xd4\x80\x00", "\x91\x91\x91\xc1",
		"\x81\xa4Self\xd4\x80\x81\xa1k\x80", "\xc4\x01x", "\xca\x7f\xc0\x00\x00",
		"\xdc\xff\xff", "\xde\xff\xff", "\xc6\xff\xff\xff\xff", "\xdb\x7f\xff\xff\xff",
		"\xc9\xff\xff\xff\xff\x01", "\x81\xa5Lists\xdd\x10\x00\x00\x00",
		"\x81\xa4Tags\xdd\x7f\xff\xff\xff\xc0", strings.Repeat("\x91", 10_001),
		"\x81\xa3Any" + strings.Repeat("\x91", 9990) + "\xc0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		allocates(t, data, func() { _, _ = codec.MsgPack[fuzzed]{}.Decode(data) })
		allocates(t, data, func() { _, _ = codec.MsgPack[any]{}.Decode(data) })
		if v, err := (codec.MsgPack[fuzzed]{}).Decode(data); err == nil {
			again(t, codec.MsgPack[fuzzed]{}, v, nil)
		}
		if v, err := (codec.MsgPack[any]{}).Decode(data); err == nil {
			again(t, codec.MsgPack[any]{}, v, nil)
		}
		if v, err := (codec.MsgPack[map[string]any]{}).Decode(data); err == nil {
			again(t, codec.MsgPack[map[string]any]{}, v, nil)
		}
	})
}

func FuzzProtoDecode(f *testing.F) {
	wire, err := proto.Marshal(annProto())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wire)
	for _, seed := range []string{"", "\x08\x01", "\x12\x02\xff\xfe", "\x0b\x0c",
		"\x4a\x06\x0a\x01k\x12\x01v", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		allocates(t, data, func() { _, _ = codec.Proto[*testpb.User]{}.Decode(data) })
		if v, err := (codec.Proto[*testpb.User]{}).Decode(data); err == nil {
			again(t, codec.Proto[*testpb.User]{}, v, func(a, b *testpb.User) bool {
				return proto.Equal(a, b)
			})
		}
		if v, err := (codec.Proto[*testpb.Kinds]{}).Decode(data); err == nil {
			again(t, codec.Proto[*testpb.Kinds]{}, v, func(a, b *testpb.Kinds) bool {
				return proto.Equal(a, b)
			})
		}
	})
}

// FuzzSetFields sets a field at any path of any document. The result must decode, and everything
// else in it must be unchanged.
func FuzzSetFields(f *testing.F) {
	for _, seed := range []struct{ data, path, value string }{
		{`{"id":1,"name":"ann"}`, "name", `"bob"`},
		{`{"Any":[1,{"a":{}}],"Self":{"x":{"Tags":["a"]}}}`, "Self.x.Tags[0]", `"b"`},
		{`{"Any":{"a":1,"A":2,"a":3}}`, "Any.a", `null`},
		{`{"name":1,"NAME":2}`, "name", `{}`}, {`[]`, "[0]", `1`}, {`{"a":"\"}"}`, `["a"]`, `1.5`},
	} {
		f.Add([]byte(seed.data), seed.path, []byte(seed.value))
	}
	f.Fuzz(func(t *testing.T, data []byte, path string, text []byte) {
		var value any
		if json.Unmarshal(text, &value) != nil {
			return
		}
		fields := map[string]any{path: value}
		kept := bytes.Clone(data)
		if out, err := (codec.JSON[fuzzed]{}).SetFields(data, fields); err == nil {
			if _, err := (codec.JSON[fuzzed]{}).Decode(out); err != nil {
				t.Errorf("%q: %s = %s gives %q: %v", data, path, text, out, err)
			}
		}
		if out, err := (codec.JSON[any]{}).SetFields(data, fields); err == nil && !json.Valid(out) {
			t.Errorf("%q: %s = %s gives %q", data, path, text, out)
		}
		v, err := codec.JSON[fuzzed]{}.Decode(data)
		if packed, err2 := (codec.MsgPack[fuzzed]{}).Encode(v); err == nil && err2 == nil {
			if out, err := (codec.MsgPack[fuzzed]{}).SetFields(packed, fields); err == nil {
				if _, err := (codec.MsgPack[fuzzed]{}).Decode(out); err != nil {
					t.Errorf("%q: %s = %s gives %q: %v", packed, path, text, out, err)
				}
			}
		}
		if out, err := (codec.MsgPack[fuzzed]{}).SetFields(data, fields); err == nil {
			if _, err := (codec.MsgPack[fuzzed]{}).Decode(out); err != nil {
				t.Errorf("%q: %s = %s gives %q: %v", data, path, text, out, err)
			}
		}
		if out, err := (codec.Proto[*testpb.Kinds]{}).SetFields(data, fields); err == nil {
			if _, err := (codec.Proto[*testpb.Kinds]{}).Decode(out); err != nil {
				t.Errorf("%q: %s = %s gives %q: %v", data, path, text, out, err)
			}
		}
		if !bytes.Equal(data, kept) {
			t.Errorf("SetFields has changed its argument %q", kept)
		}
	})
}
