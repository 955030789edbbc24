package codec_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/codectest"
	"github.com/activettl/rediscache/internal/testpb"
)

// User is the record of most tests here.
type User struct {
	ID       int64             `json:"id" msgpack:"id"`
	Name     string            `json:"name" msgpack:"name"`
	Age      int               `json:"age" msgpack:"age"`
	Score    float64           `json:"score" msgpack:"score"`
	Active   bool              `json:"active" msgpack:"active"`
	Tags     []string          `json:"tags" msgpack:"tags"`
	Labels   map[string]string `json:"labels" msgpack:"labels"`
	Nickname *string           `json:"nickname" msgpack:"nickname"`
	Created  time.Time         `json:"created" msgpack:"created"`
	Avatar   []byte            `json:"avatar" msgpack:"avatar"`
	Boss     *User             `json:"boss" msgpack:"boss"`
}

const secret = "hunter2"

func ann() User {
	nick := secret
	return User{
		ID: math.MaxInt64, Name: "Ann " + secret, Age: -1, Score: 0.1, Active: true,
		Tags: []string{"", "b", secret}, Labels: map[string]string{"k": "v", secret: secret},
		Nickname: &nick, Created: time.Date(2024, 2, 29, 12, 0, 0, 999, time.UTC), Avatar: []byte{0,
			255, 1},
		Boss: &User{Name: "Bob", Tags: []string{}},
	}
}

func annProto() *testpb.User {
	return &testpb.User{
		Id: math.MaxInt64, Name: "Ann " + secret, Age: -1, Score: 0.1, Active: true,
		Tags: []string{"", "b", secret}, Labels: map[string]string{"k": "v", secret: secret},
		Role: testpb.Role_ROLE_ADMIN, Address: &testpb.Address{City: secret}, Avatar: []byte{0, 255,
			1},
		CreatedAt: timestamppb.New(ann().Created), Nickname: new(
			string), Contact: &testpb.User_Phone{Phone: secret},
	}
}

func equalUsers(a, b User) bool {
	if !a.Created.Equal(b.Created) {
		return false
	}
	a.Created = b.Created
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func TestConformance(t *testing.T) {
	t.Run("JSON", codectest.Suite[User]{
		Codec: codec.JSON[User]{}, Values: []User{{}, ann()}, Equal: equalUsers,
		Corrupt: [][]byte{nil, []byte("  "), []byte("null"), []byte(" null\n"), []byte(`{} {}`),
			[]byte(`[]`),
			[]byte(`"hunter2"`), []byte(`{"age":"hunter2"}`), []byte(`{"age":1e99}`), []byte(
				`{"created":"hunter2"}`),
			[]byte(strings.Repeat(`{"boss":`, 20000))},
		SelfDelimiting: true, Secrets: []string{secret, "1e99"},
		Fields: map[string]any{"name": "eve"},
		Newer: []codectest.Newer{
			{Data: []byte(`{"name":"a","new": [1 ]}`), Keeps: []byte(`"new":[1 ]`)}},
	}.Run)
	t.Run("JSON pointer", codectest.Suite[*User]{
		Codec: codec.JSON[*User]{}, Values: []*User{nil, {}, {Name: "Bob"}}, SelfDelimiting: true,
		Corrupt: [][]byte{nil, []byte("nul"), []byte("[]")},
	}.Run)
	t.Run("MsgPack", codectest.Suite[User]{
		Codec: codec.MsgPack[User]{}, Values: []User{{}, ann()}, Equal: equalUsers,
		Corrupt: [][]byte{nil, {0xc0}, {0xc1}, {0x80, 0x80}, []byte("\xa7hunter2"),
			[]byte("\x81\xa7created\xa7hunter2"),
			[]byte("\x81\xa3age\xa7hunter2"), []byte(strings.Repeat("\x81\xa4boss", 20000) +
				"\xc0")},
		SelfDelimiting: true, Secrets: []string{secret}, Fields: map[string]any{"name": "eve"},
		Newer: []codectest.Newer{{Data: []byte("\x82\xa4name\xa1a\xa3new\xcd\x00\x01"),
			Keeps: []byte("\xa3new\xcd\x00\x01")}},
	}.Run)
	t.Run("MsgPack any", codectest.Suite[any]{
		Codec: codec.MsgPack[any]{},
		Values: []any{nil, "", "text", int8(-1), uint64(math.MaxUint64),
			[]any{[]any{}, map[string]any{"k": []byte{1}}}, true},
		Corrupt: [][]byte{nil, {0xc1}, []byte("\xdd\xff\xff\xff\xff"),
			[]byte("\xdf\xff\xff\xff\xff"), []byte("\xc6\xff\xff\xff\xff"),
			[]byte("\xdb\xff\xff\xff\xff"), []byte("\xc9\xff\xff\xff\xff"), []byte(
				"\x93\xdf\x10\x00\x00\x00\xc0")},
		SelfDelimiting: true,
	}.Run)
	t.Run("Proto", codectest.Suite[*testpb.User]{
		Codec: codec.Proto[*testpb.User]{}, Values: []*testpb.User{{}, annProto()},
		Corrupt: [][]byte{{0xff}, {0x12, 0x7f}, []byte("\x12\x02\xff\xfe"), {0x07}},
		Secrets: []string{secret}, Fields: map[string]any{"name": "eve"},
		Newer: []codectest.Newer{{Data: []byte("\x12\x01a\xa2\x06\x01x"),
			Keeps: []byte("\xa2\x06\x01x")}},
	}.Run)
	t.Run("Bytes", codectest.Suite[[]byte]{
		Codec: codec.Bytes{}, Values: [][]byte{{}, {0}, []byte("null"), make([]byte, 1<<16)},
	}.Run)
	t.Run("String", codectest.Suite[string]{
		Codec: codec.String{}, Values: []string{"", "\x00\xff", "null", strings.Repeat("x", 1<<16)},
	}.Run)
}

// TestRealRecords uses records from two public APIs: nested, with mixed types and many scripts.
func TestRealRecords(t *testing.T) {
	for _, name := range []string{"github_events.json", "twitter.json"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", name))
			if errors.Is(err, fs.ErrNotExist) {
				t.Skipf("SKIPPED, real records not tested: %v", err)
			} else if err != nil {
				t.Fatal(err)
			}
			document, err := codec.JSON[any]{}.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			t.Run("JSON",
				codectest.Suite[any]{Codec: codec.JSON[any]{}, Values: []any{document},
					SelfDelimiting: true}.Run)
			t.Run("MsgPack",
				codectest.Suite[any]{Codec: codec.MsgPack[any]{}, Values: []any{document},
					SelfDelimiting: true}.Run)
			t.Run("Bytes",
				codectest.Suite[[]byte]{Codec: codec.Bytes{}, Values: [][]byte{data}}.Run)
		})
	}
}

func TestRawCodecs(t *testing.T) {
	data, err := codec.Bytes{}.Encode(nil)
	if data == nil || len(data) != 0 || err != nil {
		t.Errorf("Bytes.Encode(nil) = %#v, %v; want empty and not nil", data, err)
	}
	back, err := codec.Bytes{}.Decode(nil)
	if back == nil || len(back) != 0 || err != nil {
		t.Errorf("Bytes.Decode(nil) = %#v, %v; want empty and not nil", back, err)
	}
	data, err = codec.String{}.Encode("")
	if data == nil || len(data) != 0 || err != nil {
		t.Errorf("String.Encode of nothing = %#v, %v; want empty and not nil", data, err)
	}
}
