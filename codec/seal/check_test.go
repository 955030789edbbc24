package seal_test

import (
	"crypto/aes"
	"crypto/cipher"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/seal"
	"github.com/activettl/rediscache/internal/testpb"
)

func TestCheck(t *testing.T) {
	aead := aeads(t)["Keys"]
	once := seal.New(raw{}, aead, nil)
	for _, tt := range []struct {
		name  string
		codec codec.Codec[[]byte]
		want  string
	}{
		{"alone", once, ""},
		{"around compress", seal.New(compress.S2(bare{}, nil), aead, nil), ""},
		{"twice", seal.New(once, aead, nil), "seals already"},
		{"no AEAD", seal.New(raw{}, nil, nil), "AEAD is nil"},
		{"no codec", seal.New[[]byte](nil, aead, nil), "inner codec is nil"},
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
			if _, err := codec.DecodeFor(tt.codec, key, []byte("\xc1\x10value")); err == nil {
				t.Error("DecodeFor succeeds")
			}
		})
	}
}

type message struct{ *dynamicpb.Message }

func (*message) ProtoReflect() protoreflect.Message { return dynamicpb.NewMessage(clashing) }

// clashing is a message whose first bytes are c1 10: field 264 is a double.
var clashing = testpb.Clash(testpb.Double("ratio", 264))

type messages struct{}

func (messages) Encode(*message) ([]byte, error) { return nil, nil }
func (messages) Decode([]byte) (*message, error) { return nil, nil }

type asJSON struct{ messages }

func (asJSON) Unframed() bool { return true }

func TestCheckMessages(t *testing.T) {
	aead, plain := aeads(t)["Keys"], &seal.Options{AcceptPlain: true}
	err := codec.Check(seal.New(messages{}, aead, plain))
	if err == nil || !strings.Contains(err.Error(), "field clash.M.ratio = 264") {
		t.Errorf("Check gives %v", err)
	}
	for name, c := range map[string]codec.Codec[*message]{
		"without AcceptPlain": seal.New(messages{}, aead, nil),
		"as JSON":             seal.New(asJSON{}, aead, plain),
	} {
		if err := codec.Check(c); err != nil {
			t.Errorf("%s: Check gives %v", name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	good := gcm(t, "one")
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	short, err := cipher.NewGCMWithNonceSize(block, 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		current uint32
		ciphers map[uint32]cipher.AEAD
		want    string
	}{
		{"good", 1, map[uint32]cipher.AEAD{1: good}, ""},
		{"none", 1, nil, "current key 1 is not among"},
		{"another", 1, map[uint32]cipher.AEAD{2: good}, "current key 1 is not among"},
		{"nil", 1, map[uint32]cipher.AEAD{1: good, 2: nil}, "cipher of key 2 is nil"},
		{"short nonce", 1, map[uint32]cipher.AEAD{1: good, 2: short}, "nonce of key 2 has 8 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := seal.Keys(tt.current, tt.ciphers)
			if tt.want == "" && err != nil ||
				tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Keys gives %v, want %q", err, tt.want)
			}
		})
	}
}

// TestKeysAreCopied changes the map after Keys has returned.
func TestKeysAreCopied(t *testing.T) {
	ciphers := map[uint32]cipher.AEAD{1: gcm(t, "one")}
	c := seal.New(raw{}, keys(t, 1, ciphers), nil)
	delete(ciphers, 1)
	decodes(t, c, encode(t, c, []byte("value")), []byte("value"))
}
