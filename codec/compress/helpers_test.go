package compress_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
)

// raw is a codec of any bytes.
type raw struct{}

func (raw) Encode(v []byte) ([]byte, error)                  { return append([]byte{}, v...), nil }
func (raw) Append(dst, v []byte) ([]byte, error)             { return append(dst, v...), nil }
func (raw) Decode(d []byte) ([]byte, error)                  { return append([]byte{}, d...), nil }
func (raw) Clone(v []byte) []byte                            { return bytes.Clone(v) }
func (raw) SetFields([]byte, map[string]any) ([]byte, error) { return nil, errors.ErrUnsupported }

// bare is a codec of bytes that never start with 0xC1.
type bare struct{ raw }

func (bare) Unframed() bool { return true }

func (bare) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, errors.New("no JSON object")
	}
	for name, v := range fields {
		m[name] = v
	}
	return json.Marshal(m)
}

// veiled wraps bare and hides its method Unframed.
type veiled struct{ codec.Codec[[]byte] }

func (v veiled) Unwrap() codec.Codec[[]byte] { return v.Codec }

// method is S2 or Zstd.
type method struct {
	name string
	kind byte
	make func(codec.Codec[[]byte], *compress.Options) codec.Codec[[]byte]
}

var methods = []method{
	{"S2", 0x01, compress.S2[[]byte]},
	{"Zstd", 0x02, compress.Zstd[[]byte]},
}

// each runs a test with both methods.
func each(t *testing.T, test func(t *testing.T, m method)) {
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) { test(t, m) })
	}
}

func encode(tb testing.TB, c codec.Codec[[]byte], v []byte) []byte {
	tb.Helper()
	data, err := c.Encode(v)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// roundTrip encodes, decodes and compares v. It returns the encoded bytes.
func roundTrip(tb testing.TB, c codec.Codec[[]byte], v []byte) []byte {
	tb.Helper()
	data := encode(tb, c, v)
	got, err := c.Decode(data)
	if err != nil {
		tb.Fatalf("what Encode wrote does not decode: %v", err)
	}
	if !bytes.Equal(got, v) {
		tb.Fatalf("%d bytes come back as %d bytes, or as others", len(v), len(got))
	}
	return data
}

// period is the number of bytes after which words and noise repeat, so that large ones are fast to
// make.
const period = 1 << 17

// words returns n bytes that shrink to about a half.
func words(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	list := []string{"redis ", "cache ", "value ", "expires ", "\"key\": ", "[1,2,3] ", "true "}
	var b []byte
	for len(b) < min(n, period) {
		b = append(b, list[rnd.IntN(len(list))]...)
		b = append(b, byte(rnd.IntN(256)))
	}
	if n > len(b) {
		b = bytes.Repeat(b, n/len(b)+1)
	}
	b = b[:n]
	if n > 0 {
		b[0] = 'r'
	}
	return b
}

// noise returns n bytes that do not shrink.
func noise(n int) []byte {
	rnd := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, min(n, period))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	b = bytes.Repeat(b, n/period+1)[:n]
	if n > 0 {
		b[0] = 'n'
	}
	return b
}
