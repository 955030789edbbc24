package compress_test

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/internal/tweets"
)

// blind is a codec with a Decode that costs nothing.
type blind struct{ bare }

func (blind) Decode([]byte) ([]byte, error) { return nil, nil }

// BenchmarkTweet compares a codec with the library that it calls. The inner codec copies when it
// encodes, and does nothing when it decodes.
func BenchmarkTweet(b *testing.B) {
	tweet := tweets.Of(b, 2500)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		b.Fatal(err)
	}
	dec, err := zstd.NewReader(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range []struct {
		name         string
		codec        codec.Codec[[]byte]
		pack, unpack func(dst, src []byte) ([]byte, error)
	}{
		{"S2", compress.S2(blind{}, nil),
			func(dst, src []byte) ([]byte, error) { return s2.Encode(dst[:cap(dst)], src), nil },
			func(dst, src []byte) ([]byte, error) { return s2.Decode(dst[:cap(dst)], src) }},
		{"Zstd", compress.Zstd(blind{}, nil),
			func(dst, src []byte) ([]byte, error) { return enc.EncodeAll(src, dst[:0]), nil },
			func(dst, src []byte) ([]byte, error) { return dec.DecodeAll(src, dst[:0]) }},
	} {
		var inner, out []byte
		packed, err := m.pack(make([]byte, 4000), tweet)
		if err != nil {
			b.Fatal(err)
		}
		packed = bytes.Clone(packed)
		data, err := m.codec.Encode(tweet)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %d bytes become %d", m.name, len(tweet), len(data))
		buf := make([]byte, 4000)
		for _, op := range []struct {
			name string
			call func() error
		}{
			{"encode/codec", func() (err error) {
				out, err = codec.AppendFor(m.codec, "key", out[:0], tweet)
				return err
			}},
			{"encode/library", func() (err error) {
				inner = append(inner[:0], tweet...)
				buf, err = m.pack(buf, inner)
				return err
			}},
			{"decode/codec", func() (err error) {
				_, err = codec.DecodeFor(m.codec, "key", data)
				return err
			}},
			{"decode/library", func() (err error) {
				buf, err = m.unpack(buf, packed)
				return err
			}},
		} {
			b.Run(m.name+"/"+op.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := op.call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
