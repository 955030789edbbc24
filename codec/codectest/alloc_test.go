package codectest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

// framed is a string behind a header with its length.
type framed struct {
	header  func(n int) []byte
	length  func(data []byte) (n uint64, rest []byte)
	careful bool
}

func (f framed) Encode(v string) ([]byte, error) { return append(f.header(len(v)), v...), nil }

func (f framed) Decode(data []byte) (string, error) {
	n, rest := f.length(data)
	if rest == nil || f.careful && n > uint64(len(rest)) {
		return "", errors.New("not a frame")
	}
	buf := make([]byte, n)
	if copy(buf, rest) != len(rest) || n != uint64(len(rest)) {
		return "", errors.New("not a whole frame")
	}
	return string(buf), nil
}

func cut(data []byte, n int) ([]byte, []byte) {
	if len(data) < n {
		return make([]byte, n), nil
	}
	return data[:n], data[n:]
}

func fixed(width int, order binary.ByteOrder) framed {
	return framed{
		header: func(n int) []byte {
			data := make([]byte, 8)
			if order == binary.BigEndian {
				binary.BigEndian.PutUint64(data, uint64(n))
				return data[8-width:]
			}
			binary.LittleEndian.PutUint64(data, uint64(n))
			return data[:width]
		},
		length: func(data []byte) (uint64, []byte) {
			head, rest := cut(data, width)
			if width == 4 {
				return uint64(order.Uint32(head)), rest
			}
			return order.Uint64(head), rest
		},
	}
}

var varint = framed{
	header: func(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) },
	length: func(data []byte) (uint64, []byte) {
		n, width := binary.Uvarint(data)
		if width <= 0 {
			return 0, nil
		}
		return n, data[width:]
	},
}

// tagged5 has the length behind a type byte, as MessagePack and CBOR do.
func tagged5(tag byte) framed {
	inner := fixed(4, binary.BigEndian)
	return framed{
		header: func(n int) []byte { return append([]byte{tag}, inner.header(n)...) },
		length: func(data []byte) (uint64, []byte) {
			if len(data) == 0 || data[0] != tag {
				return 0, nil
			}
			return inner.length(data[1:])
		},
	}
}

func TestTrustInHeadersIsFound(t *testing.T) {
	for name, f := range map[string]framed{
		"uvarint":       varint,
		"big 4":         fixed(4, binary.BigEndian),
		"big 8":         fixed(8, binary.BigEndian),
		"little 4":      fixed(4, binary.LittleEndian),
		"little 8":      fixed(8, binary.LittleEndian),
		"msgpack bin":   tagged5(0xc6),
		"cbor text":     tagged5(0x7a),
		"behind a kind": tagged5(0x01),
	} {
		t.Run(name, func(t *testing.T) {
			values := []string{"", "ann", strings.Repeat("bob ", 500)}
			s := Suite[string]{Codec: f, Values: values, SelfDelimiting: true}
			before := exactly()
			found := found(s.checks())
			if len(found) != 1 || found[0].Check != "LyingHeaders" {
				t.Fatalf("found %v, want LyingHeaders alone", found)
			}
			if !strings.Contains(found[0].Err.Error(), "Decode trusts a length in its input") {
				t.Errorf("diagnosis: %v", found[0].Err)
			}
			if n := exactly() - before; n > 64<<20 {
				t.Errorf("the suite allocated %d bytes to find that", n)
			}
			f.careful = true
			s.Codec = f
			s.Run(t)
		})
	}
}

// zipped decompresses at most limit bytes.
type zipped struct{ limit int64 }

func (zipped) Encode(v string) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, v)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

func (z zipped) Decode(data []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	limited := io.LimitReader(r, z.limit+1)
	out, err := io.ReadAll(limited)
	if err == nil && int64(len(out)) > z.limit {
		err = errors.New("too long")
	}
	return string(out), err
}

func TestBombsAreFound(t *testing.T) {
	values := []string{"", "ann", strings.Repeat("bob ", 500)}
	s := Suite[string]{Codec: zipped{1 << 40}, Values: values}
	found := found(s.checks())
	if len(found) != 1 || !strings.Contains(found[0].Err.Error(), "zeros made small by gzip") {
		t.Errorf("found %v, want the bomb", found)
	}
	s.Codec = zipped{100 << 10}
	s.MaxAlloc = 1 << 20
	s.Run(t)
	s.MaxAlloc = 1 << 10
	if len(s.Faults()) == 0 {
		t.Error("MaxAlloc means nothing")
	}
}

// TestOthersMayAllocate allocates in another goroutine. The suite must not blame the codec for it.
func TestOthersMayAllocate(t *testing.T) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for sink := []byte(nil); ; _ = sink {
			select {
			case <-done:
				return
			default:
				sink = make([]byte, 128<<10)
			}
		}
	}()
	defer func() { close(done); <-gone }()
	suiteOf(faulty{}).Run(t)
}

// A value may need far more memory than its encoded bytes.
func TestValuesMayBeSparse(t *testing.T) {
	for _, f := range found(Suite[*sparse]{Codec: first{}, Values: []*sparse{{}, {1}}}.checks()) {
		t.Error(f)
	}
}

type sparse [50_000]int

// first writes only the first element.
type first struct{}

func (first) Encode(v *sparse) ([]byte, error) {
	if v == nil {
		return nil, errors.New("nil")
	}
	return json.Marshal(v[0])
}

func (first) Decode(data []byte) (*sparse, error) {
	v := new(sparse)
	return v, json.Unmarshal(data, &v[0])
}
