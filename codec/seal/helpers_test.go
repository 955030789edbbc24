package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/seal"
)

// raw is a codec of any bytes.
type raw struct{}

func (raw) Encode(v []byte) ([]byte, error)      { return append([]byte{}, v...), nil }
func (raw) Append(dst, v []byte) ([]byte, error) { return append(dst, v...), nil }
func (raw) Decode(data []byte) ([]byte, error)   { return append([]byte{}, data...), nil }
func (raw) Clone(v []byte) []byte                { return bytes.Clone(v) }

func (raw) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte("value")) {
		return nil, errors.New("no value")
	}
	s, _ := fields["all"].(string)
	return []byte("value" + s), nil
}

// bare is a codec of bytes that never start with 0xC1.
type bare struct{ raw }

func (bare) Unframed() bool { return true }

func aesBlock(tb testing.TB, password string) cipher.Block {
	tb.Helper()
	key := sha256.Sum256([]byte(password))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		tb.Fatal(err)
	}
	return block
}

// made returns a function that returns the cipher, or fails the test on an error.
func made(tb testing.TB) func(cipher.AEAD, error) cipher.AEAD {
	return func(c cipher.AEAD, err error) cipher.AEAD {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return c
	}
}

// gcm makes a cipher from a password, for tests only.
func gcm(tb testing.TB, password string) cipher.AEAD {
	tb.Helper()
	return made(tb)(cipher.NewGCM(aesBlock(tb, password)))
}

// long makes a cipher with nonces of 24 bytes, like XChaCha20-Poly1305.
func long(tb testing.TB, password string) cipher.AEAD {
	tb.Helper()
	return made(tb)(cipher.NewGCMWithNonceSize(aesBlock(tb, password), 24))
}

// own makes a cipher that chooses its nonces itself.
func own(tb testing.TB, password string) cipher.AEAD {
	tb.Helper()
	return made(tb)(cipher.NewGCMWithRandomNonce(aesBlock(tb, password)))
}

func keys(tb testing.TB, current uint32, ciphers map[uint32]cipher.AEAD) seal.AEAD {
	tb.Helper()
	k, err := seal.Keys(current, ciphers)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// hidden is an AEAD that New does not recognize as one of Keys.
type hidden struct{ seal.AEAD }

func aeads(tb testing.TB) map[string]seal.AEAD {
	one := keys(tb, 1, map[uint32]cipher.AEAD{1: gcm(tb, "one")})
	return map[string]seal.AEAD{
		"Keys":        one,
		"own AEAD":    hidden{one},
		"large id":    keys(tb, 1<<32-1, map[uint32]cipher.AEAD{1<<32 - 1: gcm(tb, "one")}),
		"long nonce":  keys(tb, 0, map[uint32]cipher.AEAD{0: long(tb, "one")}),
		"random GCM":  keys(tb, 300, map[uint32]cipher.AEAD{300: own(tb, "one")}),
		"hidden long": hidden{keys(tb, 7, map[uint32]cipher.AEAD{7: long(tb, "one")})},
	}
}

const key = "app:users:42"

func encode(tb testing.TB, c codec.Codec[[]byte], v []byte) []byte {
	tb.Helper()
	data, err := codec.EncodeFor(c, key, v)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func decodes(tb testing.TB, c codec.Codec[[]byte], data, want []byte) {
	tb.Helper()
	got, err := codec.DecodeFor(c, key, data)
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		tb.Fatalf("%d bytes come back as %d bytes, or as others", len(want), len(got))
	}
}
