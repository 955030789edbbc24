package codec_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

// profile has a field of each kind into which a path can lead.
type profile struct {
	Name   string          `json:"name" msgpack:"name"`
	Dotted string          `json:"a.b" msgpack:"a.b"`
	Home   *address        `json:"home,omitempty" msgpack:"home,omitempty"`
	Work   address         `json:"work" msgpack:"work"`
	Tags   []string        `json:"tags" msgpack:"tags"`
	All    []address       `json:"all" msgpack:"all"`
	Scores map[string]int  `json:"scores" msgpack:"scores"`
	ByID   map[int]address `json:"by_id" msgpack:"by_id"`
	Any    any             `json:"any" msgpack:"any"`
	Text   int64           `json:"text,string" msgpack:"text"`
	Born   time.Time       `json:"born" msgpack:"born"`
	Nick   sql.NullString  `json:"nick" msgpack:"nick"`
	Avatar []byte          `json:"avatar" msgpack:"avatar"`
	Array  [2]int          `json:"array" msgpack:"array"`
	Packed asList          `json:"packed" msgpack:"packed"`
	Limit  *big.Int        `json:"limit" msgpack:"-"`
	Raw    json.RawMessage `json:"raw,omitempty" msgpack:"-"`
}

type address struct {
	City string `json:"city" msgpack:"city"`
	Zip  int    `json:"zip" msgpack:"zip"`
}

type asList struct {
	_msgpack struct{} `msgpack:",as_array"` //lint:ignore U1000 the library looks at its tag
	A        int      `json:"a" msgpack:"a"`
	B        string   `json:"b" msgpack:"b"`
}

func somebody() profile {
	return profile{
		Name: "Ann", Dotted: "x", Tags: []string{"a", "b"}, All: []address{{"Bern", 1}, {"Rom", 2}},
		Scores: map[string]int{"x": 1, "a.b": 2}, ByID: map[int]address{7: {"Paris", 7}},
		Any:  map[string]any{"k": []any{"v", map[string]any{"deep": "d"}}},
		Text: 5, Born: time.Unix(1, 0).UTC(), Avatar: []byte("x"), Limit: big.NewInt(1),
	}
}

func TestPaths(t *testing.T) {
	for _, test := range []struct {
		path  string
		value any
		want  func(p *profile)
	}{
		{"name", "Bob", func(p *profile) { p.Name = "Bob" }},
		{"a.b", "y", func(p *profile) { p.Dotted = "y" }},
		{`["a.b"]`, "y", func(p *profile) { p.Dotted = "y" }},
		{"work.city", "Bern", func(p *profile) { p.Work.City = "Bern" }},
		{"home.city", "Bern", func(p *profile) { p.Home = &address{City: "Bern"} }},
		{"home", map[string]any{"city": "Bern"}, func(p *profile) {
			p.Home = &address{City: "Bern"}
		}},
		{"home", address{City: "Bern"}, func(p *profile) { p.Home = &address{City: "Bern"} }},
		{"home", nil, func(p *profile) { p.Home = nil }},
		{"tags[1]", "c", func(p *profile) { p.Tags[1] = "c" }},
		{"tags", []any{"c"}, func(p *profile) { p.Tags = []string{"c"} }},
		{"tags", nil, func(p *profile) { p.Tags = nil }},
		{"all[0].zip", 9, func(p *profile) { p.All[0].Zip = 9 }},
		{"all", []any{map[string]any{"zip": 3.0}}, func(p *profile) {
			p.All = []address{{Zip: 3}}
		}},
		{"scores.x", 9, func(p *profile) { p.Scores["x"] = 9 }},
		{"scores.new", 9, func(p *profile) { p.Scores["new"] = 9 }},
		{`scores["a.b"]`, 9, func(p *profile) { p.Scores["a.b"] = 9 }},
		{"by_id.7.city", "Nice", func(p *profile) { p.ByID[7] = address{"Nice", 7} }},
		{"by_id.8.city", "Nice", func(p *profile) { p.ByID[8] = address{"Nice", 0} }},
		{"any.k[1].deep", "new", func(p *profile) {
			p.Any = map[string]any{"k": []any{"v", map[string]any{"deep": "new"}}}
		}},
		{"any", "text", func(p *profile) { p.Any = "text" }},
		{"text", 6, func(p *profile) { p.Text = 6 }},
		{"text", json.Number("6"), func(p *profile) { p.Text = 6 }},
		{"born", "1970-01-01T00:00:02Z", func(p *profile) { p.Born = time.Unix(2, 0).UTC() }},
		{"nick", nil, func(p *profile) { p.Nick = sql.NullString{} }},
		{"nick", sql.NullString{String: "n", Valid: true}, func(p *profile) {
			p.Nick = sql.NullString{String: "n", Valid: true}
		}},
		{"avatar", "eHk=", func(p *profile) { p.Avatar = []byte("xy") }},
		{"array[1]", 5, func(p *profile) { p.Array[1] = 5 }},
		{"array", []any{1.0, 2.0}, func(p *profile) { p.Array = [2]int{1, 2} }},
		{"packed.b", "z", func(p *profile) { p.Packed.B = "z" }},
	} {
		want := somebody()
		test.want(&want)
		for _, c := range []codec.Setter[profile]{
			codec.JSON[profile]{}, codec.MsgPack[profile]{UTC: true},
		} {
			got, err := codec.SetField(c, somebody(), test.path, test.value)
			if err != nil {
				t.Errorf("%T: %s = %v: %v", c, test.path, test.value, err)
				continue
			}
			if _, packs := c.(codec.MsgPack[profile]); packs {
				want.Limit, want.Raw = nil, nil
			}
			sameInt := cmp.Comparer(func(a, b *big.Int) bool {
				return a == nil && b == nil || a != nil && b != nil && a.Cmp(b) == 0
			})
			diff := cmp.Diff(want, got, cmp.AllowUnexported(asList{}), sameInt)
			if diff != "" {
				t.Errorf("%T: %s = %v:\n%s", c, test.path, test.value, diff)
			}
		}
	}
	got, err := codec.SetField(codec.JSON[profile]{}, somebody(), "limit", 12.0)
	if err != nil || got.Limit.Int64() != 12 {
		t.Errorf("a number into a *big.Int: %v, %v", got.Limit, err)
	}
}

func TestPathErrors(t *testing.T) {
	for _, test := range []struct {
		path  string
		value any
		is    error
	}{
		{"", 1, codec.ErrUnknownField}, {"nope", 1, codec.ErrUnknownField},
		{".", 1, codec.ErrUnknownField}, {"work.", 1, codec.ErrUnknownField},
		{"work..city", 1, codec.ErrUnknownField}, {"work.nope", 1, codec.ErrUnknownField},
		{"tags[2]", "x", codec.ErrUnknownField}, {"tags[-1]", "x", codec.ErrUnknownField},
		{"tags[01]", "x", codec.ErrUnknownField}, {"tags[", "x", codec.ErrUnknownField},
		{"tags[x]", "x", codec.ErrUnknownField}, {`scores["x`, 1, codec.ErrUnknownField},
		{"name.x", "x", codec.ErrUnknownField}, {"name[0]", "x", codec.ErrUnknownField},
		{"Name", "x", codec.ErrUnknownField}, {"born.wall", 1, codec.ErrUnknownField},
		{"any.nope.deep", 1, codec.ErrUnknownField}, {"any.k[9]", 1, codec.ErrUnknownField},
		{"by_id.x", address{}, codec.ErrUnknownField},
		{"work.zip", "x", codec.ErrFieldValue}, {"work.zip", 1.5, codec.ErrFieldValue},
		{"work", map[string]any{"zip": 1, "nope": 2}, codec.ErrFieldValue},
		{"work", map[string]any{"zip": nil}, codec.ErrFieldValue},
		{"tags[0]", 1, codec.ErrFieldValue}, {"tags", []any{1}, codec.ErrFieldValue},
		{"array", []any{1, 2, 3}, codec.ErrFieldValue}, {"scores.x", "x", codec.ErrFieldValue},
		{"born", "yesterday", codec.ErrFieldValue}, {"avatar", "?", codec.ErrFieldValue},
		{"any", make(chan int), codec.ErrFieldValue}, {"name", nil, codec.ErrFieldValue},
	} {
		for _, c := range []codec.Setter[profile]{codec.JSON[profile]{}, codec.MsgPack[profile]{}} {
			_, err := codec.SetField(c, somebody(), test.path, test.value)
			if !errors.Is(err, test.is) {
				t.Errorf("%T: %s = %v: %v, want %v", c, test.path, test.value, err, test.is)
			}
		}
	}
	c := codec.JSON[profile]{}
	data, _ := c.Encode(somebody())
	for _, fields := range []map[string]any{
		{"work": address{}, "work.city": "x"}, {"name": "x", `["name"]`: "y"},
	} {
		if _, err := c.SetFields(data, fields); !errors.Is(err, codec.ErrUnknownField) {
			t.Errorf("overlapping paths: %v", err)
		}
	}
	if _, err := c.SetFields(data, map[string]any{"name": "x", "nope": 1}); err == nil {
		t.Error("one of two fields was set")
	}
	for _, bad := range []string{"", "{", `{"name":1}`, `{"name":"a" "tags":[]}`, "[]", "null"} {
		if out, err := c.SetFields([]byte(bad), map[string]any{"name": "x"}); err == nil {
			t.Errorf("%q becomes %q", bad, out)
		}
	}
}

func TestProtoPaths(t *testing.T) {
	c := codec.Proto[*testpb.Kinds]{}
	m := &testpb.Kinds{
		Addresses:       []*testpb.Address{{City: "a"}, {City: "b"}},
		AddressesByName: map[string]*testpb.Address{"x.y": {City: "c"}},
	}
	for path, value := range map[string]any{
		"addresses[1].city": "new", "an_address.city": "made", `addresses_by_name["x.y"].city`: "d",
		"roles_by_id.7": "ROLE_ADMIN", "weights.true": 1.5,
	} {
		after, err := codec.SetField(c, m, path, value)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		m = after
	}
	if m.Addresses[1].City != "new" || m.AnAddress.City != "made" || m.RolesById[7] != 2 ||
		m.AddressesByName["x.y"].City != "d" || m.Weights[true] != 1.5 {
		t.Errorf("%v", m)
	}
	for path, value := range map[string]any{
		"addresses[2].city": "x", "addresses.city": "x", "a_bool.x": 1, "roles_by_id.x": 1,
	} {
		if _, err := codec.SetField(c, m, path, value); !errors.Is(err, codec.ErrUnknownField) {
			t.Errorf("%s: %v", path, err)
		}
	}
	at := time.Date(2024, 2, 29, 1, 2, 3, 4, time.UTC)
	u, err := codec.SetField(codec.Proto[*testpb.User]{}, annProto(), "created_at", at)
	if err != nil || !u.CreatedAt.AsTime().Equal(at) {
		t.Errorf("a time.Time: %v, %v", u.GetCreatedAt(), err)
	}
	object := map[string]any{"city": "x"}
	u, err = codec.SetField(codec.Proto[*testpb.User]{}, annProto(), "address", object)
	if err != nil || u.Address.City != "x" {
		t.Errorf("an object: %v, %v", u.GetAddress(), err)
	}
}
