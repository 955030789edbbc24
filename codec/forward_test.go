package codec_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/codectest"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/seal"
)

// aead returns a cipher with a key that is always the same.
func aead(tb testing.TB) seal.AEAD {
	tb.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		tb.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := seal.Keys(1, map[uint32]cipher.AEAD{1: gcm})
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

// reversed is a transform that needs its whole input.
type reversed struct{}

func (reversed) Apply(dst, data []byte, _ string) ([]byte, error) {
	dst = append(dst, 0xc1)
	for i := range data {
		dst = append(dst, data[len(data)-1-i])
	}
	return dst, nil
}

func (r reversed) Undo(dst, data []byte, key string) ([]byte, error) {
	body, ok := bytes.CutPrefix(data, []byte{0xc1})
	if !ok {
		return dst, errors.New("not reversed")
	}
	n := len(dst)
	dst, err := r.Apply(dst, body, key)
	return append(dst[:n], dst[n+1:]...), err
}

// named binds a value to its key.
type named struct{}

func (named) Apply(dst, data []byte, key string) ([]byte, error) {
	return append(append(append(dst, key...), 0), data...), nil
}

func (named) Undo(dst, data []byte, key string) ([]byte, error) {
	body, ok := bytes.CutPrefix(data, append([]byte(key), 0))
	if !ok {
		return dst, errors.New("another key")
	}
	return append(dst, body...), nil
}

// TestWrapForwards checks every way to wrap a codec with codectest.Wrapper.
func TestWrapForwards(t *testing.T) {
	type document = map[string]any
	values := []document{{"name": "ann"}, {"name": "bob", "tags": []any{"a", "b"}}, {}}
	for name, wrap := range map[string]func(codec.Codec[document]) codec.Codec[document]{
		"Wrap": func(inner codec.Codec[document]) codec.Codec[document] {
			return codec.Wrap(inner, reversed{})
		},
		"Wrap with the key": func(inner codec.Codec[document]) codec.Codec[document] {
			return codec.Wrap(inner, named{})
		},
		"Wrap twice": func(inner codec.Codec[document]) codec.Codec[document] {
			return codec.Wrap(codec.Wrap(inner, reversed{}), named{})
		},
		"S2": func(inner codec.Codec[document]) codec.Codec[document] {
			return compress.S2(inner, nil)
		},
		"Zstd": func(inner codec.Codec[document]) codec.Codec[document] {
			return compress.Zstd(inner, &compress.Options{Min: 1})
		},
		"seal": func(inner codec.Codec[document]) codec.Codec[document] {
			return seal.New(inner, aead(t), nil)
		},
		"seal of S2": func(inner codec.Codec[document]) codec.Codec[document] {
			return seal.New(compress.S2(inner, nil), aead(t), nil)
		},
		"Migrate": func(inner codec.Codec[document]) codec.Codec[document] {
			return codec.Migrate(codec.Version(1, inner))
		},
		"Migrate of seal": func(inner codec.Codec[document]) codec.Codec[document] {
			return codec.Migrate(codec.Version(2, seal.New(inner, aead(t), nil)))
		},
	} {
		t.Run(name, codectest.Wrapper[document]{
			Wrap:  wrap,
			Suite: codectest.Suite[document]{Values: values, MaxAlloc: 17 << 20},
		}.Run)
	}
}
