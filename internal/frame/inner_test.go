package frame_test

import (
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/frame"
)

// abilities is a codec that wraps another one and has the methods that this package looks for.
type abilities struct {
	codec.Codec[string]
	unframed, sealed bool
}

func (a abilities) Unframed() bool              { return a.unframed }
func (a abilities) Sealed() bool                { return a.sealed }
func (a abilities) Unwrap() codec.Codec[string] { return a.Codec }

// silent is a codec that has none of these methods, and so hides the codec that it wraps.
type silent struct{ codec.Codec[string] }

func TestInner(t *testing.T) {
	plain := codec.String{}
	for _, tt := range []struct {
		name             string
		codec            codec.Codec[string]
		unframed, sealed bool
		innermost        codec.Codec[string]
	}{
		{"plain", plain, false, false, plain},
		{"nil", nil, false, false, nil},
		{"unframed", abilities{plain, true, false}, true, false, plain},
		{"sealed", abilities{plain, false, true}, false, true, plain},
		{"around sealed", abilities{abilities{plain, true, true}, false, false}, false, true,
			plain},
		{"hidden", silent{abilities{plain, true, true}}, false, false,
			silent{abilities{plain, true, true}}},
		{"around nil", abilities{nil, false, false}, false, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := frame.IsUnframed(tt.codec); got != tt.unframed {
				t.Errorf("IsUnframed is %v", got)
			}
			if got := frame.IsSealed(tt.codec); got != tt.sealed {
				t.Errorf("IsSealed is %v", got)
			}
			if got := frame.Innermost(tt.codec); got != tt.innermost {
				t.Errorf("Innermost is %v", got)
			}
		})
	}
}

func TestKindString(t *testing.T) {
	for kind, want := range map[frame.Kind]string{
		frame.Unframed: "unframed", frame.Raw: "raw", frame.S2: "compressed",
		frame.Zstd: "compressed", frame.Sealed: "sealed", frame.Version: "versioned",
		0x7f: "of the unknown kind 0x7f",
	} {
		if got := kind.String(); got != want {
			t.Errorf("kind %d is %q, want %q", int(kind), got, want)
		}
	}
}
