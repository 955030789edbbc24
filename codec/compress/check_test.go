package compress_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/seal"
	"github.com/activettl/rediscache/internal/testpb"
)

type aead struct{}

func (aead) Encrypt(p, _ []byte) ([]byte, error) { return p, nil }
func (aead) Decrypt(c, _ []byte) ([]byte, error) { return c, nil }

func TestCheck(t *testing.T) {
	sealed := seal.New(bare{}, aead{}, nil)
	for _, tt := range []struct {
		name  string
		codec codec.Codec[[]byte]
		want  string
	}{
		{"defaults", compress.S2(raw{}, nil), ""},
		{"all", compress.Zstd(bare{}, &compress.Options{Min: 1, Max: 1 << 30}), ""},
		{"negative Min", compress.S2(raw{}, &compress.Options{Min: -1}), "Options.Min is -1"},
		{"negative Max", compress.Zstd(raw{}, &compress.Options{Max: -1}), "Options.Max is -1"},
		{"large Max", compress.S2(raw{}, &compress.Options{Max: 1<<30 + 1}), "from 0 to 10737"},
		{"nil", compress.S2[[]byte](nil, nil), "inner codec is nil"},
		{"around seal", compress.S2(sealed, nil), "use seal.New(compress.S2(...), ...)"},
		{"around seal, deeper", compress.Zstd(codec.Codec[[]byte](veiled{compress.S2(sealed, nil)}),
			nil), "use seal.New(compress.S2(...), ...)"},
		{"within seal", seal.New(compress.S2(raw{}, nil), aead{}, nil), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := codec.Check(tt.codec)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Check gives %v, want %q", err, tt.want)
			}
			if tt.name == "nil" {
				return
			}
			if _, err := codec.EncodeFor(tt.codec, "key", []byte("v")); err == nil {
				t.Error("Encode succeeds")
			}
			if _, err := codec.DecodeFor(tt.codec, "key", []byte("v")); err == nil {
				t.Error("Decode succeeds")
			}
		})
	}
}

// clash is a message whose first bytes are c1 01: field 24 is a double.
type clash struct{ *dynamicpb.Message }

func (*clash) ProtoReflect() protoreflect.Message { return dynamicpb.NewMessage(clashing) }

var clashing = testpb.Clash(testpb.Double("ratio", 24))

// messages is a codec of such messages. Its output does not matter here.
type messages struct{}

func (messages) Encode(*clash) ([]byte, error) { return nil, nil }
func (messages) Decode([]byte) (*clash, error) { return nil, nil }

// unframed is a codec of messages as JSON.
type unframed struct{ messages }

func (unframed) Unframed() bool { return true }

func TestCheckMessages(t *testing.T) {
	if err := codec.Check(compress.S2(codec.Proto[*testpb.User]{}, nil)); err != nil {
		t.Error(err)
	}
	inner := messages{}
	framed := &compress.Options{Framed: true}
	for name, c := range map[string]codec.Codec[*clash]{
		"S2": compress.S2(inner, nil), "twice": compress.Zstd(compress.S2(inner, framed), nil),
	} {
		err := codec.Check(c)
		if err == nil || !strings.Contains(err.Error(), "clash.M.ratio = 24") ||
			!strings.Contains(err.Error(), "new cache name") {
			t.Errorf("%s: Check gives %v", name, err)
		}
	}
	for name, c := range map[string]codec.Codec[*clash]{
		"Framed":       compress.S2(inner, framed),
		"twice Framed": compress.Zstd(compress.S2(inner, framed), framed),
		"as JSON":      compress.S2(unframed{inner}, nil),
	} {
		if err := codec.Check(c); err != nil {
			t.Errorf("%s: Check gives %v", name, err)
		}
	}
}
