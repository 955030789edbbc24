package codectest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/bits"
	"slices"
	"sync"
)

// claimed are the lengths in false headers. The smallest one comes first. So a codec that trusts it
// is found before a length for which the machine has no memory.
var claimed = []uint64{
	1 << 20, 1 << 28, 1<<31 - 1, 1<<32 - 1, 1 << 62, 1<<64 - 1,
}

// shortClaims returns the forms in which formats write a length n in a few bytes. Where a format
// has a type byte, it is in front.
func shortClaims(n uint64) [][]byte {
	var all [][]byte
	big := binary.BigEndian.AppendUint64(nil, n)
	if n <= 1<<32-1 {
		all = append(all, big[4:], binary.LittleEndian.AppendUint32(nil, uint32(n)))
		for _, tag := range []byte{
			0x5a, 0x7a, 0x9a, 0xba, // CBOR: bytes, text, list, map
			0xc6, 0xc9, 0xdb, 0xdd, 0xdf, // MessagePack: bytes, extension, text, list, map
		} {
			all = append(all, append([]byte{tag}, big[4:]...))
		}
	}
	width := (bits.Len64(n) + 7) / 8
	return append(all,
		binary.AppendUvarint(nil, n),                   // S2, protobuf
		binary.AppendVarint(nil, int64(n&(1<<62-1))),   // Avro, Thrift
		append([]byte{byte(-width)}, big[8-width:]...), // gob
	)
}

// absurdClaims returns lengths in eight bytes, which are tried between short and long claims. In
// one byte order they are small. In the other one they are so large that make panics. With a length
// in between, the runtime would ask for terabytes, and end the process if it gets none.
func absurdClaims() [][]byte {
	end := []byte{0, 0, 0, 0, 0, 0, 0xff, 0xff}
	begin := []byte{0xff, 0xff, 0, 0, 0, 0, 0, 0}
	all := [][]byte{end, begin}
	for _, tag := range []byte{0x5b, 0x7b, 0x9b, 0xbb} { // CBOR
		all = append(all, append([]byte{tag}, begin...))
	}
	return all
}

// longClaims returns the forms in which formats write a length n in eight or more bytes.
func longClaims(n uint64) [][]byte {
	big, little := binary.BigEndian.AppendUint64(nil, n), binary.LittleEndian.AppendUint64(nil, n)
	all := [][]byte{big, little}
	for _, tag := range []byte{0x5b, 0x7b, 0x9b, 0xbb} { // CBOR
		all = append(all, append([]byte{tag}, big...))
	}
	zstd := []byte{0x28, 0xb5, 0x2f, 0xfd}
	if n <= 1<<32-1 {
		all = append(all, slices.Concat(zstd, []byte{0xa0}, little[:4]))
	}
	return append(all, slices.Concat(zstd, []byte{0xe0}, little))
}

// lyingHeaders puts lengths into encoded values without the data that they announce: the smallest
// length everywhere, and larger ones at the beginning. It ends at the first one for which Decode
// allocates memory. All checks of hostile inputs call it first.
func (p *probe[V]) lyingHeaders() error {
	p.lies.Do(func() { p.believed = p.lie() })
	return p.believed
}

func (p *probe[V]) lie() error {
	samples := p.take()
	for round, n := range claimed {
		claims, last := slices.Concat(shortClaims(n), longClaims(n)), 8
		if round == 0 {
			claims, last = slices.Concat(shortClaims(n), absurdClaims(), longClaims(n)), math.MaxInt
		}
		for i, s := range samples {
			for at := range places(min(last, len(s.data))) {
				for _, claim := range claims {
					if err := p.survives(append(s.data[:at:at], claim...)); err != nil {
						return p.blame(err, trust,
							"value %d cut at byte %d, and then a header that claims %d", i, at, n)
					}
				}
			}
		}
		for i, s := range samples {
			for at := range min(4, len(s.data)) {
				for _, claim := range claims {
					input := slices.Concat(s.data[:at], claim, s.data[at+1:])
					if err := p.survives(input); err != nil {
						return p.blame(err, trust,
							"value %d with a header at byte %d that claims %d", i, at, n)
					}
				}
			}
		}
	}
	for name, bomb := range bombs() {
		for at := range 3 {
			for _, s := range samples {
				input := slices.Concat(s.data[:min(at, len(s.data))], bomb)
				if err := p.survives(input); err != nil {
					return p.blame(err, unpack,
						"2 MiB of zeros made small by %s", name)
				}
			}
		}
	}
	return nil
}

// places yields the first positions in n bytes, where headers are, and some later ones.
func places(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; at <= n; at++ {
			if at > 24 {
				at += max(n/8, n*n/budget)
			}
			if at <= n && !yield(at) {
				return
			}
		}
	}
}

// deepNesting opens lists and maps and does not close them.
func (p *probe[V]) deepNesting() error {
	if err := p.skipHog(); err != nil {
		return err
	}
	for _, depth := range []int{1000, 100_000} {
		for _, open := range []string{
			"[", `{"a":`, "(", "<a>", // text
			"\x91", "\x81\xa1a", // MessagePack
			"\x81", "\xa1\x61a", "\x9f", "\xc6", // CBOR
			"\x0b", // protobuf: a group
		} {
			input := bytes.Repeat([]byte(open), depth)
			if err := p.survives(input); err != nil {
				return fmt.Errorf("lists or maps in each other, %d times %q: %w", depth, open, err)
			}
		}
	}
	return nil
}

// bombs returns 2 MiB of zeros, compressed in several formats, by the names of these.
var bombs = sync.OnceValue(func() map[string][]byte {
	// A frame of zstd: magic, no flags, a window of 8 MiB, 16 blocks of 128 KiB of one byte.
	zstd := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68}
	for range 15 {
		zstd = append(zstd, 0x02, 0x00, 0x10, 0)
	}
	all := map[string][]byte{"zstd": append(zstd, 0x03, 0x00, 0x10, 0)}
	for name, to := range map[string]func(io.Writer) (io.WriteCloser, error){
		"gzip":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"zlib":  func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil },
		"flate": func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 6) },
	} {
		var packed bytes.Buffer
		w, err := to(&packed)
		if err == nil {
			_, err = w.Write(make([]byte, 2<<20))
			err = errors.Join(err, w.Close())
		}
		if err != nil {
			panic(err) // never happens with a bytes.Buffer
		}
		all[name] = packed.Bytes()
	}
	return all
})
