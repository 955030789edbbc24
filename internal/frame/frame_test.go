package frame_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/activettl/rediscache/internal/frame"
)

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		kind       frame.Kind
		body       string
	}{
		{"empty", "", frame.Unframed, ""},
		{"JSON", `{"a":1}`, frame.Unframed, `{"a":1}`},
		{"raw and empty", "\xc1\x00", frame.Raw, ""},
		{"raw", "\xc1\x00\xc1\x00", frame.Raw, "\xc1\x00"},
		{"sealed", "\xc1\x10abc", frame.Sealed, "abc"},
		{"of the future", "\xc1\xffabc", frame.Kind(0xff), "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kind, body, err := frame.Cut([]byte(tt.data))
			if kind != tt.kind || string(body) != tt.body || err != nil {
				t.Errorf("Cut gives %v, %q, %v, want %v, %q", kind, body, err, tt.kind, tt.body)
			}
			if kind == frame.Unframed {
				return
			}
			if again := append(frame.Append(nil, kind), body...); string(again) != tt.data {
				t.Errorf("Append gives %q, want %q", again, tt.data)
			}
		})
	}
	if _, _, err := frame.Cut([]byte{frame.Magic}); !errors.Is(err, frame.ErrShort) {
		t.Errorf("Cut of one byte gives %v, want ErrShort", err)
	}
}

func TestVersion(t *testing.T) {
	for _, n := range []uint64{0, 1, 127, 128, 300, math.MaxUint32, math.MaxUint64} {
		data := append(frame.AppendVersion(nil, n), "body"...)
		kind, body, err := frame.Cut(data)
		if kind != frame.Version || err != nil {
			t.Fatalf("Cut gives %v, %v", kind, err)
		}
		got, rest, err := frame.CutUvarint(body)
		if got != n || string(rest) != "body" || err != nil {
			t.Errorf("CutUvarint gives %d, %q, %v, want %d", got, rest, err, n)
		}
	}
	for _, bad := range []string{"", "\x80", "\x80\x00", "\xff\x00",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"} {
		if n, _, err := frame.CutUvarint([]byte(bad)); err == nil {
			t.Errorf("CutUvarint(%q) gives %d, want an error", bad, n)
		}
	}
}

func TestGrow(t *testing.T) {
	dst := append(make([]byte, 0, 8), "abc"...)
	if got := frame.Grow(dst, 5); &got[0] != &dst[0] {
		t.Error("Grow copies a slice that has room")
	}
	got := frame.Grow(dst, 100_000)
	if !bytes.Equal(got, dst) || cap(got) != 100_003 {
		t.Errorf("Grow gives %q with room for %d bytes", got, cap(got))
	}
}
