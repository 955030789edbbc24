package compress

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/activettl/rediscache/internal/frame"
)

// bytesCodec is the inner codec. The tests here call only the transform.
type bytesCodec struct{}

func (bytesCodec) Encode(v []byte) ([]byte, error)    { return v, nil }
func (bytesCodec) Decode(data []byte) ([]byte, error) { return data, nil }

func transforms(o *Options) map[string]*transform {
	return map[string]*transform{
		"S2":   newTransform(bytesCodec{}, s2Block{}, o),
		"Zstd": newTransform(bytesCodec{}, zstdFrame{}, o),
	}
}

// value returns n bytes with compressible parts, incompressible parts and runs.
func value(n int) []byte {
	rnd := rand.New(rand.NewPCG(5, 6))
	var b []byte
	for len(b) < n {
		for range rnd.IntN(30) {
			b = append(b, byte(rnd.Uint32()))
		}
		b = append(b, bytes.Repeat([]byte("secret word "), rnd.IntN(10))...)
	}
	return b[:n]
}

// undo also checks the limit of memory, that the input is unchanged, and that errors quote nothing.
func undo(t *testing.T, tr *transform, data []byte) ([]byte, error) {
	t.Helper()
	kept := bytes.Clone(data)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	out, err := tr.Undo(nil, data, "")
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64*len(data)+64<<10); got > most {
		t.Errorf("%d bytes allocate %d, more than %d: % x", len(data), got, most,
			data[:min(len(data), 40)])
	}
	if !bytes.Equal(kept, data) {
		t.Error("the input is modified")
	}
	if err != nil && (strings.Contains(err.Error(), "secret") || len(out) != 0) {
		t.Errorf("error %q, and %d bytes", err, len(out))
	}
	return out, err
}

// warm makes the libraries allocate what they keep.
func warm(t *testing.T, tr *transform) {
	t.Helper()
	// 128 KiB of literals in one block, which need the longest buffer that a decoder keeps.
	literals := append([]byte("\xc1\x02\x28\xb5\x2f\xfd\xa0\xff\xff\x01\x00"+
		"\x2d\x00\x00\xfd\xff\x1f\x61\x00"+"\x50\x2a\x4d\x18\xa0\x0f\x00\x00"),
		make([]byte, 4000)...)
	// Each call may use another decoder.
	for range 2 * runtime.GOMAXPROCS(0) {
		if v, err := tr.Undo(nil, literals, ""); err != nil || len(v) != 128<<10-1 {
			t.Fatalf("%d literals, %v", len(v), err)
		}
	}
	for range 2 * runtime.GOMAXPROCS(0) {
		data, err := tr.Apply(nil, value(300_000), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Undo(nil, data, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCutAtEachByte(t *testing.T) {
	for name, tr := range transforms(&Options{Min: 1}) {
		t.Run(name, func(t *testing.T) {
			warm(t, tr)
			for _, v := range [][]byte{value(40), value(3000), make([]byte, 3000),
				make([]byte, 300_000)} {
				data, err := tr.Apply(nil, v, "")
				if err != nil {
					t.Fatal(err)
				}
				if data[1] == byte(frame.Raw) { // any prefix of it is a value
					continue
				}
				for n := 1; n < len(data); n++ {
					if _, err := undo(t, tr, data[:n:n]); err == nil && !onlyPaddingLost(data[:n]) {
						t.Fatalf("the first %d of %d bytes decode", n, len(data))
					}
				}
				for _, more := range []string{
					"\x00", "\x01", "\xc1", "\x00\x00\x00", string(data[2:]),
				} {
					if _, err := undo(t, tr, append(bytes.Clone(data), more...)); err == nil {
						t.Fatalf("% x behind the end is ignored", more[:1])
					}
				}
			}
		})
	}
}

// onlyPaddingLost reports whether a record was cut between a zstd frame and its padding. Such a
// record claims too much for its length and is refused, unless it is short.
func onlyPaddingLost(data []byte) bool {
	var head zstd.Header
	if data[1] != byte(frame.Zstd) || head.Decode(data[2:]) != nil {
		return false
	}
	one, err := firstFrame(data[2:], &head)
	return err == nil && len(one) == len(data)-2 && least(int(head.FrameContentSize)) <= len(data)
}

func TestEachBitFlipped(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 7 // a different bit of each byte
	}
	for name, tr := range transforms(&Options{Min: 1}) {
		t.Run(name, func(t *testing.T) {
			warm(t, tr)
			for _, v := range [][]byte{value(40), value(2500), make([]byte, 3000),
				make([]byte, 100_000)} {
				data, err := tr.Apply(nil, v, "")
				if err != nil {
					t.Fatal(err)
				}
				for bit := 0; bit < 8*len(data); bit += step {
					flipped := bytes.Clone(data)
					flipped[bit/8] ^= 1 << (bit % 8)
					got, err := undo(t, tr, flipped)
					checked := data[1] == byte(frame.Zstd) && bit >= 16
					if checked && err == nil && !bytes.Equal(got, v) {
						t.Fatalf("bit %d flipped: another value, in spite of the checksum", bit)
					}
				}
			}
		})
	}
}

func TestUnknownKinds(t *testing.T) {
	tr := newTransform(bytesCodec{}, s2Block{}, nil)
	for kind := range 256 {
		switch frame.Kind(kind) {
		case frame.Raw, frame.S2, frame.Zstd:
			continue
		}
		_, err := undo(t, tr, append([]byte{0xc1, byte(kind)}, s2.Encode(nil, value(100))...))
		if err == nil || !strings.Contains(err.Error(), frame.Kind(kind).String()) {
			t.Errorf("kind %#x: %v", kind, err)
		}
	}
}

// TestLyingHeaders has records that claim more than they hold.
func TestLyingHeaders(t *testing.T) {
	zstdHead := func(descriptor byte, rest ...byte) []byte {
		return append([]byte{0xc1, 2, 0x28, 0xb5, 0x2f, 0xfd, descriptor}, rest...)
	}
	fcs8 := func(n uint64) []byte {
		return zstdHead(0xe0, binary.LittleEndian.AppendUint64(nil, n)...)
	}
	block := func(last, kind, size int, body ...byte) []byte {
		bits := last | kind<<1 | size<<3
		return append([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16)}, body...)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var stream bytes.Buffer
	w, err := zstd.NewWriter(&stream)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(value(1000))
	w.Flush()
	w.Close()
	hundred := z.EncodeAll(value(5000), nil)

	says := map[string]string{ // a part of the error, for some of them
		"zstd without its size": "does not say how long",
		"two zstd frames":       "behind the zstd frame",
		"S2 of 2 GiB":           "claims 2147483647 bytes, more than Options.Max",
		"zstd of 16 MiB":        "claims 16777216 bytes, more than Options.Max",
		"a lone first byte":     "ends within",
	}
	both := transforms(&Options{Max: 1 << 20})
	for _, tr := range both {
		warm(t, tr)
	}
	for name, data := range map[string][]byte{
		"a lone first byte":         {0xc1},
		"no block":                  {0xc1, 1},
		"S2 of 2 GiB":               append([]byte{0xc1, 1}, "\xff\xff\xff\xff\x07\x00"...),
		"S2 of 4 GiB":               append([]byte{0xc1, 1}, "\xff\xff\xff\xff\x0f\x00"...),
		"S2 beyond 32 bits":         append([]byte{0xc1, 1}, "\xff\xff\xff\xff\xff\x0f"...),
		"S2 of 1 MiB, few bytes":    join([]byte{0xc1, 1}, s2.Encode(nil, make([]byte, 1<<20))),
		"S2 of nothing, and more":   {0xc1, 1, 0, 0},
		"no frame":                  {0xc1, 2},
		"zstd of 2^64-1":            join(fcs8(1<<64-1), block(1, 1, 5, 'a')),
		"zstd of 2^63":              join(fcs8(1<<63), block(1, 1, 5, 'a')),
		"zstd of 16 MiB":            join(fcs8(16<<20), block(1, 1, 5, 'a')),
		"zstd with too long a run":  join(fcs8(5), block(1, 1, 128<<10, 'a')),
		"zstd with a run of 2 MiB":  join(fcs8(30000), block(1, 1, 1<<21-1, 'a')),
		"zstd with too short a run": join(fcs8(30000), block(1, 1, 5, 'a')),
		"zstd with many runs": join(fcs8(30000), bytes.Repeat(block(0, 1, 30000, 'a'), 100),
			block(1, 1, 1, 'a')),
		"zstd with a run of literals": join(fcs8(5),
			block(1, 2, 5, 1|3<<2|15<<4, 0xff, 0x1f, 'a', 0)),
		"zstd with a run of literals, less": join(fcs8(30000),
			block(1, 2, 5, 1|3<<2|15<<4, 0x00, 0x08, 'a', 0)),
		"zstd with literals behind its end": join(fcs8(120_000), block(0, 1, 120_000, 'a'),
			block(1, 2, 5, 1|3<<2|0<<4, 0x00, 0x18, 'a', 0),
			[]byte("\x50\x2a\x4d\x18\xa0\x0f\x00\x00"), make([]byte, 4000)),
		"zstd with a window of 128 KiB": join(zstdHead(0x80, 7<<3), []byte{5, 0, 0, 0},
			block(1, 1, 5, 'a')),
		"zstd with a reserved block": join(fcs8(5), block(1, 3, 5, 'a', 'a', 'a', 'a', 'a')),
		"zstd without an end":        join(fcs8(5), block(0, 1, 5, 'a')),
		"zstd without its size":      append([]byte{0xc1, 2}, stream.Bytes()...),
		"zstd with a window of 2 TiB": join(zstdHead(0xc0, 0xf8),
			binary.LittleEndian.AppendUint64(nil, 5), block(1, 1, 5, 'a')),
		"zstd with a dictionary": join(zstdHead(0x21, 7, 5), block(1, 1, 5, 'a')),
		"two zstd frames":        join([]byte{0xc1, 2}, hundred, hundred),
		"padding first": join([]byte{0xc1, 2}, []byte("\x50\x2a\x4d\x18\x01\x00\x00\x00\x00"),
			hundred),
		"padding that is not zero": join([]byte{0xc1, 2}, hundred,
			[]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00\x00\x01")),
		"padding twice": join([]byte{0xc1, 2}, hundred,
			bytes.Repeat([]byte("\x50\x2a\x4d\x18\x01\x00\x00\x00\x00"), 2)),
		"padding cut short": join([]byte{0xc1, 2}, hundred,
			[]byte("\x50\x2a\x4d\x18\x05\x00\x00\x00\x00")),
		"raw beyond Max": append([]byte{0xc1, 0}, make([]byte, 1<<20+1)...),
	} {
		t.Run(name, func(t *testing.T) {
			for _, tr := range both {
				if out, err := undo(t, tr, data); err == nil {
					t.Errorf("decodes to %d bytes", len(out))
				} else if want := says[name]; !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %q, want %q", err, want)
				}
			}
		})
	}
}

// TestBound compresses values that shrink as far as possible.
func TestBound(t *testing.T) {
	for name, tr := range transforms(nil) {
		t.Run(name, func(t *testing.T) {
			warm(t, tr)
			for _, pattern := range []string{"\x00", "ab", `{"id":1,"name":"x"},`} {
				for n := 1024; n <= 16<<20; n += 1 + n/3 {
					v := bytes.Repeat([]byte(pattern), n/len(pattern)+1)[:n]
					data, err := tr.Apply(nil, v, "")
					if err != nil {
						t.Fatal(err)
					}
					if len(data) > 600+n/16 {
						t.Errorf("%d bytes of %q shrink to %d only", n, pattern, len(data))
					}
					out, err := undo(t, tr, data)
					if err != nil || !bytes.Equal(out, v) {
						t.Fatalf("%d bytes of %q come back as %d, %v", n, pattern, len(out), err)
					}
				}
			}
		})
	}
}
