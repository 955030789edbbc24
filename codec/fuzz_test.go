package codec_test

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

// fuzzed adds what User has not: every place where the libraries take another path.
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

// again encodes what came out of Decode and reads it back. Not all that decodes can be encoded (a float that came as NaN), and
// what can be must come back.
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

func FuzzJSONDecode(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, ` {"id":1,"name":"ann","created":"2024-02-29T12:00:00Z","boss":{"tags":["a",null]}} `, `{"Any":[1,"\ud800",{"a":{}}]}`,
		`{"Array":[1,2,3,4],"Numbers":{"-128":1e38}}`, `{"Self":{"":{"Self":{}}}}`, `[[[[`, `1e999`, `"\u0000"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
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
		"", "\xc0", "\x80", "\x81\xa3Any\x93\x01\xa1x\x80", "\x81\xa3Err\x05", "\x81\xa5Keyed\x81\x90\x01", "\xdd\xff\xff\xff\xff",
		"\x81\xa4Anys\xc7\x05\x01\xdf\xff\xff\xff\xff", "\xd7\xff\xdf\xff\xff\xff\xff\x00\x00\x00", "\x81\xa6Intern\xd4\x80\x00", "\x91\x91\x91\xc1",
		"\x81\xa4Self\xd4\x80\x81\xa1k\x80", "\xc4\x01x", "\xca\x7f\xc0\x00\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
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
	for _, seed := range []string{"", "\x08\x01", "\x12\x02\xff\xfe", "\x0b\x0c", "\x4a\x06\x0a\x01k\x12\x01v", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := (codec.Proto[*testpb.User]{}).Decode(data); err == nil {
			again(t, codec.Proto[*testpb.User]{}, v, func(a, b *testpb.User) bool { return proto.Equal(a, b) })
		}
		if v, err := (codec.Proto[*testpb.Kinds]{}).Decode(data); err == nil {
			again(t, codec.Proto[*testpb.Kinds]{}, v, func(a, b *testpb.Kinds) bool { return proto.Equal(a, b) })
		}
	})
}
