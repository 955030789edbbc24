package codec_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
)

// inBase64 inherits Append from JSON, which does not write base64.
type inBase64 struct{ codec.JSON[address] }

func (c inBase64) Encode(v address) ([]byte, error) {
	data, err := c.JSON.Encode(v)
	return []byte(base64.StdEncoding.EncodeToString(data)), err
}

func (c inBase64) Decode(data []byte) (address, error) {
	plain, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return address{}, errors.New("no base64")
	}
	return c.JSON.Decode(plain)
}

// renamed only has another name. ownAppend has all methods itself.
type (
	renamed   struct{ codec.JSON[address] }
	ownAppend struct{ inBase64 }
)

func (c ownAppend) Append(dst []byte, v address) ([]byte, error) {
	data, err := c.Encode(v)
	return append(dst, data...), err
}

// oldSetter is a codec from before SetFields.
type oldSetter struct{ codec.JSON[address] }

func (oldSetter) SetField(v address, _ string, _ any) (address, error) { return v, nil }

func TestCheckFindsMixedMethods(t *testing.T) {
	for _, test := range []struct {
		c    codec.Codec[address]
		want string
	}{
		{inBase64{}, "use codec.Wrap"}, {&inBase64{}, "use codec.Wrap"},
		{compress.S2[address](inBase64{}, nil), "use codec.Wrap"},
		{oldSetter{}, "SetField"}, {compress.S2[address](oldSetter{}, nil), "SetField"},
		{codec.Wrap[address](nil, nil), "no transform"},
		{codec.Wrap[address](nil, twist{}), "is nil"},
		{renamed{}, ""}, {ownAppend{}, ""}, {compress.S2[address](renamed{}, nil), ""},
	} {
		err := codec.Check(test.c)
		if test.want == "" && err != nil {
			t.Errorf("%T: %v", test.c, err)
		} else if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%T: %v\nwant %s", test.c, err, test.want)
		}
	}
}

// twist inverts the bits of all bytes.
type twist struct{}

func (twist) Apply(dst, data []byte, _ string) ([]byte, error) {
	for _, c := range data {
		dst = append(dst, ^c)
	}
	return dst, nil
}

func (t twist) Undo(dst, data []byte, key string) ([]byte, error) { return t.Apply(dst, data, key) }

// A codec that lacks a part returns errors, and does not panic.
func TestNilPartsAreErrors(t *testing.T) {
	for name, c := range map[string]codec.Codec[address]{
		"Wrap of nothing":  codec.Wrap[address](nil, nil),
		"Wrap around nil":  codec.Wrap[address](nil, twist{}),
		"S2 around nil":    compress.S2[address](nil, nil),
		"Migrate with nil": codec.Migrate(codec.Version[address](1, nil)),
	} {
		if _, err := c.Encode(address{}); err == nil {
			t.Errorf("%s encodes", name)
		}
		if _, err := codec.AppendFor(c, "k", nil, address{}); err == nil {
			t.Errorf("%s appends", name)
		}
		for _, data := range []string{"", "{}", "\xc1\x20\x01{}"} {
			if _, err := c.Decode([]byte(data)); err == nil {
				t.Errorf("%s decodes %q", name, data)
			}
		}
		if _, err := codec.SetFieldsFor(c, "k", []byte("{}"), nil); err == nil {
			t.Errorf("%s sets fields", name)
		}
	}
}

// passing breaks the rules of a Transform: it returns its input.
type passing struct{}

func (passing) Apply(_, data []byte, _ string) ([]byte, error) { return data, nil }
func (passing) Undo(_, data []byte, _ string) ([]byte, error)  { return data, nil }

// A slice that a transform passes on never goes to the pool.
func TestPassedOnMemoryIsNotReused(t *testing.T) {
	c := codec.Wrap(codec.String{}, passing{})
	other := codec.Wrap(codec.String{}, twist{})
	a, err := c.Encode("aaaa")
	if err != nil {
		t.Fatal(err)
	}
	stored := bytes.Clone(a)
	for range 100 {
		if _, err := c.Decode(stored); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Encode("bbbb"); err != nil {
			t.Fatal(err)
		}
	}
	if string(a) != "aaaa" || string(stored) != "aaaa" {
		t.Errorf("what was passed on is %q and %q now", a, stored)
	}
}

// Encode never writes a record without a number that looks like one with a number.
func TestMigrateWritesNoOtherVersion(t *testing.T) {
	c := codec.Migrate(codec.Version[[]byte](0, codec.Bytes{}),
		codec.Version[[]byte](1, codec.Bytes{}))
	if data, err := c.Encode([]byte("\xc1\x20\x05x")); err == nil {
		t.Errorf("encodes %q", data)
	}
	inner := codec.Migrate(codec.Version[[]byte](3, codec.Bytes{}))
	hidden := codec.Migrate(codec.Version(0, codec.Wrap(codec.Wrap(inner, twist{}), twist{})))
	if data, err := hidden.Encode([]byte("x")); err == nil {
		t.Errorf("encodes %q", data)
	}
	for _, v := range []string{"", "\xc1", "\xc1\x21x", "x"} {
		data, err := c.Encode([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Decode(data); err != nil || string(got) != v {
			t.Errorf("%q comes back as %q, %v", v, got, err)
		}
	}
}
