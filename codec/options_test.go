package codec_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/codectest"
)

func TestJSONOptions(t *testing.T) {
	type pair struct {
		A int `json:"a"`
		B any `json:"b"`
	}
	data := []byte(`{"a":1,"b":12345678901234567890,"c":3}`)
	if v, err := (codec.JSON[pair]{}).Decode(data); err != nil || v.B != 12345678901234567890.0 {
		t.Errorf("%v, %v", v, err)
	}
	v, err := codec.JSON[pair]{UseNumber: true}.Decode(data)
	if err != nil || v.B != json.Number("12345678901234567890") {
		t.Errorf("UseNumber: %v, %v", v, err)
	}
	if v, err := (codec.JSON[pair]{Strict: true}).Decode(data); err == nil {
		t.Errorf("Strict: %v", v)
	}
	for _, c := range []codec.JSON[pair]{{Strict: true}, {UseNumber: true}} {
		codectest.Suite[pair]{
			Codec: c, Values: []pair{{}, {1, nil}, {2, "x"}}, SelfDelimiting: true,
			Corrupt: [][]byte{nil, []byte("{"), []byte("null"), []byte(`{"a":1} {}`)},
			Fields:  map[string]any{"a": 7},
		}.Run(t)
	}
}

func TestMsgPackOptions(t *testing.T) {
	type inner struct {
		At time.Time `json:"at"`
	}
	type record struct {
		ID    int64          `json:"id"`
		Name  string         `json:"n" msgpack:"name"`
		At    *time.Time     `json:"at"`
		List  []inner        `json:"list"`
		ByKey map[string]any `json:"by_key"`
		Score float64        `json:"score"`
	}
	at := time.Unix(1700000000, 5)
	was := record{7, "Ann", &at, []inner{{at}}, map[string]any{"at": at}, 1.5}
	data, err := codec.MsgPack[record]{JSONTags: true}.Encode(was)
	if err != nil {
		t.Fatal(err)
	}
	var names map[string]any
	if err := msgpack.Unmarshal(data, &names); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "name", "at", "list", "by_key", "score"} {
		if _, ok := names[name]; !ok {
			t.Errorf("%q is not in %v", name, names)
		}
	}
	got, err := codec.MsgPack[record]{JSONTags: true, UTC: true}.Decode(data)
	if err != nil || got.ID != 7 || got.Name != "Ann" {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, one := range []time.Time{*got.At, got.List[0].At, got.ByKey["at"].(time.Time)} {
		if one.Location() != time.UTC || !one.Equal(at) {
			t.Errorf("UTC: %v", one)
		}
	}

	// JavaScript writes all numbers as floats.
	script, _ := msgpack.Marshal(map[string]any{"ID": 7.0, "name": "Ann", "Score": 2.0})
	if v, err := (codec.MsgPack[record]{}).Decode(script); err == nil {
		t.Errorf("a float into an int: %+v", v)
	}
	v, err := codec.MsgPack[record]{Integers: true}.Decode(script)
	if err != nil || v.ID != 7 || v.Score != 2 || v.Name != "Ann" {
		t.Errorf("Integers: %+v, %v", v, err)
	}
	script, _ = msgpack.Marshal(map[string]any{"ID": 7.5})
	if v, err := (codec.MsgPack[record]{Integers: true}).Decode(script); err == nil {
		t.Errorf("Integers: 7.5 becomes %+v", v)
	}
	set, err := codec.SetField(codec.MsgPack[record]{JSONTags: true, UTC: true}, was, "score", 3)
	if err != nil || set.Score != 3 {
		t.Errorf("SetFields by a json tag: %+v, %v", set, err)
	}
}

// A msgpack tag may quote a name.
func TestMsgPackQuotedNames(t *testing.T) {
	type quoted struct {
		A int `msgpack:"'c,d'"`
	}
	v, err := codec.SetField(codec.MsgPack[quoted]{}, quoted{1}, "c,d", 2)
	if err != nil || v.A != 2 {
		t.Errorf("%+v, %v", v, err)
	}
}
