package seal_test

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/internal/tweets"
	"github.com/activettl/rediscache/codec/seal"
)

func TestRoundTrip(t *testing.T) {
	for name, aead := range aeads(t) {
		t.Run(name, func(t *testing.T) {
			c := seal.New(raw{}, aead, nil)
			seen := map[string]bool{}
			for _, n := range []int{0, 1, 15, 16, 17, 1000, 100_000} {
				v := bytes.Repeat([]byte("s"), n)
				data := encode(t, c, v)
				decodes(t, c, data, v)
				if !bytes.HasPrefix(data, []byte{0xc1, 0x10}) ||
					n > 9 && bytes.Contains(data, v[:9]) {
					t.Errorf("the record of %d bytes starts with % x", n, data[:3])
				}
				for range 100 {
					seen[string(encode(t, c, v))] = true
				}
				dst, err := codec.AppendFor(c, key, []byte("before"), v)
				if err != nil || !bytes.HasPrefix(dst, []byte("before")) {
					t.Fatalf("AppendFor gives %d bytes, %v", len(dst), err)
				}
				decodes(t, c, dst[len("before"):], v)
			}
			if len(seen) != 700 {
				t.Errorf("of 700 records %d are different", len(seen))
			}
		})
	}
}

func TestCompressedTweets(t *testing.T) {
	c := seal.New(compress.S2(bare{}, nil), aeads(t)["Keys"], nil)
	if err := codec.Check(c); err != nil {
		t.Fatal(err)
	}
	var before, after int
	for _, tweet := range tweets.Load(t) {
		data := encode(t, c, tweet)
		decodes(t, c, data, tweet)
		before += len(tweet)
		after += len(data)
	}
	t.Logf("%d bytes become %d", before, after)
}

// TestFormat decrypts with only what the package comment describes.
func TestFormat(t *testing.T) {
	gcm := gcm(t, "one")
	long := strings.Repeat("k", 200)
	for _, id := range []uint32{0, 1, 300, 1<<32 - 1} {
		for _, key := range []string{"k", long} {
			c := seal.New(raw{}, keys(t, id, map[uint32]cipher.AEAD{id: gcm}), nil)
			data, err := codec.EncodeFor(c, key, []byte("value"))
			if err != nil {
				t.Fatal(err)
			}
			rest, ok := bytes.CutPrefix(data, binary.AppendUvarint([]byte{0xc1, 0x10}, uint64(id)))
			if !ok {
				t.Fatalf("the record starts with % x", data[:8])
			}
			header := binary.AppendUvarint([]byte{0x10}, uint64(id))
			ad := binary.AppendUvarint([]byte{1}, uint64(len(key)))
			ad = binary.AppendUvarint(append(ad, key...), uint64(len(header)))
			ad = append(ad, header...)
			v, err := gcm.Open(nil, rest[:12], rest[12:], ad)
			if err != nil || string(v) != "value" {
				t.Errorf("id %d, key %.10q: %q, %v", id, key, v, err)
			}
		}
	}
}

// recorder is an AEAD that keeps the associated data.
type recorder struct{ ads []string }

func (r *recorder) Encrypt(p, ad []byte) ([]byte, error) {
	r.ads = append(r.ads, string(ad))
	return bytes.Clone(p), nil
}

func (r *recorder) Decrypt(c, ad []byte) ([]byte, error) {
	r.ads = append(r.ads, string(ad))
	return bytes.Clone(c), nil
}

func TestAssociatedData(t *testing.T) {
	r := &recorder{}
	c := seal.New(raw{}, r, nil)
	decodes(t, c, encode(t, c, []byte("value")), []byte("value"))
	want := "\x01" + string(rune(len(key))) + key + "\x01\x10"
	if fmt.Sprint(r.ads) != fmt.Sprint([]string{want, want}) {
		t.Errorf("the associated data is %q, want %q", r.ads, want)
	}
}

func TestMoved(t *testing.T) {
	for name, aead := range aeads(t) {
		t.Run(name, func(t *testing.T) {
			c := seal.New(raw{}, aead, nil)
			data := encode(t, c, []byte("value"))
			for _, other := range []string{"app:users:43", "app:users:4", "app:users:421",
				"APP:users:42", "other:app:users:42", " "} {
				if v, err := codec.DecodeFor(c, other, data); err == nil {
					t.Errorf("moved to %q it gives %q", other, v)
				}
			}
		})
	}
}

func TestNoKey(t *testing.T) {
	c := seal.New(raw{}, aeads(t)["Keys"], &seal.Options{AcceptPlain: true})
	data := encode(t, c, []byte("value"))
	wants := func(call string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "codec.Bound") {
			t.Errorf("%s gives %v", call, err)
		}
	}
	_, err := c.Encode([]byte("value"))
	wants("Encode", err)
	_, err = c.Decode(data)
	wants("Decode", err)
	_, err = c.Decode([]byte("plain"))
	wants("Decode of a plain record", err)
	_, err = c.(codec.Appender[[]byte]).Append(nil, []byte("value"))
	wants("Append", err)
	_, err = c.(codec.FieldSetter).SetFields(data, nil)
	wants("SetFields", err)
}

func TestAbilities(t *testing.T) {
	c := seal.New(raw{}, aeads(t)["Keys"], nil)
	data, err := codec.SetFieldsFor(c, key, encode(t, c, []byte("value")),
		map[string]any{"all": "able"})
	if err != nil {
		t.Fatal(err)
	}
	decodes(t, c, data, []byte("valueable"))
	if _, ok := codec.ClonerOf(c); !ok {
		t.Error("no Cloner")
	}
	if _, err := codec.SetFieldsFor(c, "other", data, nil); err == nil {
		t.Error("SetFieldsFor reads a moved record")
	}
}

func TestAcceptPlain(t *testing.T) {
	aead := aeads(t)["Keys"]
	strict := seal.New(compress.S2(bare{}, nil), aead, nil)
	open := seal.New(compress.S2(bare{}, nil), aead, &seal.Options{AcceptPlain: true})
	large := bytes.Repeat([]byte("value "), 1000)
	compressed, err := compress.S2(bare{}, nil).Encode(large)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, data, want string }{
		{"plain", "value", "value"},
		{"nothing", "", ""},
		{"raw", "\xc1\x00value", "value"},
		{"compressed", string(compressed), string(large)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if v, err := codec.DecodeFor(strict, key, []byte(tt.data)); err == nil {
				t.Errorf("without the option it gives %q", v)
			} else if !strings.Contains(err.Error(), "not sealed") {
				t.Errorf("without the option: %v", err)
			}
			decodes(t, open, []byte(tt.data), []byte(tt.want))
		})
	}
	sealed := encode(t, open, large)
	decodes(t, strict, sealed, large)
	decodes(t, open, sealed, large)
	if _, err := codec.DecodeFor(open, "other", sealed); err == nil {
		t.Error("AcceptPlain accepts a moved record")
	}
	plain := seal.New(raw{}, aead, &seal.Options{AcceptPlain: true})
	decodes(t, plain, []byte{0xc1}, []byte{0xc1})
	if _, err := codec.DecodeFor(strict, key, []byte{0xc1}); err == nil {
		t.Error("a lone 0xC1 is accepted")
	}
}

func TestRotation(t *testing.T) {
	one, two := gcm(t, "one"), long(t, "two")
	steps := []seal.AEAD{
		keys(t, 1, map[uint32]cipher.AEAD{1: one}),
		keys(t, 1, map[uint32]cipher.AEAD{1: one, 2: two}),
		keys(t, 2, map[uint32]cipher.AEAD{1: one, 2: two}),
		keys(t, 2, map[uint32]cipher.AEAD{2: two}),
	}
	read := func(writer, reader int) error {
		v := []byte("value")
		data := encode(t, seal.New(raw{}, steps[writer], nil), v)
		got, err := codec.DecodeFor(seal.New(raw{}, steps[reader], nil), key, data)
		if err == nil && !bytes.Equal(got, v) {
			t.Errorf("step %d reads %q of step %d", reader, got, writer)
		}
		return err
	}
	for i := range steps {
		for j := range steps {
			err := read(i, j)
			if neighbours := i-j <= 1 && j-i <= 1; neighbours && err != nil {
				t.Errorf("step %d does not read step %d: %v", j, i, err)
			} else if i < 2 && j == 3 &&
				(err == nil || !strings.Contains(err.Error(), "with key 1,")) {
				t.Errorf("step %d reads step %d: %v", j, i, err)
			}
		}
	}
}

func TestErrorsOfTheAEAD(t *testing.T) {
	down := errors.New("the key service is down")
	c := seal.New(raw{}, broken{down}, nil)
	if _, err := codec.EncodeFor(c, key, []byte("value")); !errors.Is(err, down) {
		t.Errorf("EncodeFor gives %v", err)
	}
	if _, err := codec.DecodeFor(c, key, []byte("\xc1\x10value")); !errors.Is(err, down) {
		t.Errorf("DecodeFor gives %v", err)
	}
}

type broken struct{ err error }

func (b broken) Encrypt(_, _ []byte) ([]byte, error) { return nil, b.err }
func (b broken) Decrypt(_, _ []byte) ([]byte, error) { return nil, b.err }

func TestManyGoroutines(t *testing.T) {
	one, two := gcm(t, "one"), gcm(t, "two")
	old := seal.New(raw{}, keys(t, 1, map[uint32]cipher.AEAD{1: one, 2: two}), nil)
	fresh := seal.New(raw{}, keys(t, 2, map[uint32]cipher.AEAD{1: one, 2: two}), nil)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for n := range 300 {
				writer, reader := old, fresh
				if (g+n)%2 == 0 {
					writer, reader = fresh, old
				}
				at := fmt.Sprintf("users:%d", n)
				v := bytes.Repeat([]byte{byte(g)}, n*7)
				data, err := codec.EncodeFor(writer, at, v)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := codec.DecodeFor(reader, at, data)
				if err != nil || !bytes.Equal(got, v) {
					t.Errorf("%d bytes come back as %d bytes, %v", len(v), len(got), err)
					return
				}
			}
		})
	}
	all.Wait()
}
