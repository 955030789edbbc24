package seal_test

import (
	"crypto/cipher"
	"crypto/rand"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/internal/tweets"
	"github.com/activettl/rediscache/codec/seal"
)

// blind is a codec with a Decode that costs nothing.
type blind struct{ raw }

func (blind) Decode([]byte) ([]byte, error) { return nil, nil }

// BenchmarkTweet compares a codec with AES-256-GCM alone. The inner codec copies when it encodes,
// and does nothing when it decodes.
func BenchmarkTweet(b *testing.B) {
	tweet := tweets.Of(b, 2500)
	aead := gcm(b, "one")
	c := seal.New(blind{}, keys(b, 1, map[uint32]cipher.AEAD{1: aead}), nil)
	data := encode(b, c, tweet)
	ad := []byte(key)
	nonce := make([]byte, aead.NonceSize())
	first := make([]byte, aead.NonceSize())
	sealed := aead.Seal(nil, first, tweet, ad)
	var inner, out, buf []byte
	for _, op := range []struct {
		name string
		call func() error
	}{
		{"encode/codec", func() (err error) {
			out, err = codec.AppendFor(c, key, out[:0], tweet)
			return err
		}},
		{"encode/cipher", func() error {
			inner = append(inner[:0], tweet...)
			rand.Read(nonce)
			buf = aead.Seal(buf[:0], nonce, inner, ad)
			return nil
		}},
		{"decode/codec", func() error {
			_, err := codec.DecodeFor(c, key, data)
			return err
		}},
		{"decode/cipher", func() (err error) {
			buf, err = aead.Open(buf[:0], first, sealed, ad)
			return err
		}},
	} {
		b.Run(op.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := op.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
