package compress

import (
	"bytes"
	"testing"

	"github.com/activettl/rediscache/internal/frame"
)

func FuzzS2(f *testing.F)   { fuzz(f, newTransform(bytesCodec{}, s2Block{}, &Options{Min: 1})) }
func FuzzZstd(f *testing.F) { fuzz(f, newTransform(bytesCodec{}, zstdFrame{}, &Options{Min: 1})) }

// fuzz uses data as a record, as the body of a record, and as a value.
func fuzz(f *testing.F, tr *transform) {
	for _, n := range []int{0, 1, 40, 3000} {
		f.Add(value(n))
		data, err := tr.Apply(nil, value(n), "")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[frame.HeadLen:])
	}
	data, err := tr.Apply(nil, make([]byte, 300_000), "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	back := func(t *testing.T, v []byte) {
		data, err := tr.Apply(nil, v, "")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := tr.Undo(nil, data, ""); err != nil || !bytes.Equal(out, v) {
			t.Fatalf("a value of %d bytes comes back as %d bytes, %v", len(v), len(out), err)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, record := range [][]byte{data, append(frame.Append(nil, tr.kind()), data...)} {
			kept := bytes.Clone(record)
			out, err := tr.Undo([]byte("dst"), record, "")
			if !bytes.HasPrefix(out, []byte("dst")) || !bytes.Equal(kept, record) {
				t.Fatal("Undo changes what it was given")
			}
			if err != nil {
				continue
			}
			if least(len(out)-3) > len(record) {
				t.Fatalf("%d bytes give %d", len(record), len(out)-3)
			}
			back(t, out[3:])
		}
		back(t, data)
	})
}
