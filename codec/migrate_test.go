package codec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

type item struct {
	Name  string `json:"name"`
	Price int    `json:"price"`
}

func TestMigrate(t *testing.T) {
	before := codec.Version(0, codec.Codec[item](codec.JSON[item]{}))
	after := codec.Version(7, codec.Codec[item](codec.MsgPack[item]{JSONTags: true}))
	stages := []codec.Codec[item]{
		codec.JSON[item]{}, codec.Migrate(before, after), codec.Migrate(after, before),
		codec.Migrate(after),
	}
	want := item{"pen", 3}
	for w, writer := range stages {
		if err := codec.Check(writer); err != nil {
			t.Fatal(err)
		}
		data, err := writer.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		for r, reader := range stages {
			if r-w > 1 || w-r > 1 { // never run at the same time
				continue
			}
			if w == 2 && r == 3 || w == 3 && r == 2 || r != 3 && w < 2 || r > 0 && w >= 2 {
				if got, err := reader.Decode(data); err != nil || got != want {
					t.Errorf("stage %d reads what stage %d has written as %+v, %v", r, w, got, err)
				}
			}
		}
	}
	old, _ := stages[0].Encode(want)
	if plain, _ := stages[1].Encode(want); string(plain) != string(old) {
		t.Errorf("version 0 is written as %q, want %q", plain, old)
	}
	if _, err := stages[3].Decode(old); err == nil ||
		!strings.Contains(err.Error(), "no codec here reads records of version 0") {
		t.Errorf("the last stage reads a record of version 0: %v", err)
	}
	set, err := codec.SetFieldsFor(stages[2], "", old, map[string]any{"price": 4})
	if err != nil || set[0] != 0xc1 {
		t.Fatalf("%q, %v", set, err)
	}
	if got, err := stages[3].Decode(set); err != nil || got != (item{"pen", 4}) {
		t.Errorf("a field of an old record was set to %+v, %v", got, err)
	}
	for n := range set {
		if _, err := stages[3].Decode(set[:n]); err == nil {
			t.Errorf("the first %d of %d bytes decode", n, len(set))
		}
	}
}

// A migration can do what its writing codec can do.
func TestMigrateForwards(t *testing.T) {
	m := codec.Migrate(codec.Version(1, codec.Codec[*testpb.User](codec.Proto[*testpb.User]{})))
	if _, ok := codec.ClonerOf(m); !ok {
		t.Error("Clone is lost")
	}
	s := codec.Migrate(codec.Version(1, codec.Codec[string](codec.String{})))
	data, _ := s.Encode("x")
	_, err := codec.SetFieldsFor(s, "", data, map[string]any{"a": 1})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v, want ErrUnsupported", err)
	}
	appended, err := codec.AppendFor(s, "", []byte("before"), "x")
	if err != nil || string(appended) != "before"+string(data) {
		t.Errorf("%q, %v", appended, err)
	}
}

func TestMigrateRefuses(t *testing.T) {
	j := codec.Codec[item](codec.JSON[item]{})
	for want, c := range map[string]codec.Codec[item]{
		"two codecs have the number 1": codec.Migrate(codec.Version(1, j), codec.Version(1, j)),
		"is nil":                       codec.Migrate(codec.Version[item](1, nil)),
		"is itself a Migrate": codec.Migrate(
			codec.Version(0, codec.Migrate(codec.Version(1, j)))),
	} {
		if err := codec.Check(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, data := range []string{
		"", "\xc1", "\xc1\x20", "\xc1\x20\x00{}", "\xc1\x20\x80",
		"\xc1\x20\x02{}", "\xc1\x01", "{}",
	} {
		if v, err := codec.Migrate(codec.Version(1, j)).Decode([]byte(data)); err == nil {
			t.Errorf("%q decodes to %+v", data, v)
		}
	}
}
