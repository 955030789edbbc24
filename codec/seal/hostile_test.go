package seal_test

import (
	"bytes"
	"crypto/cipher"
	"runtime"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/seal"
)

// refused checks that data is an error. It also checks that the error does not quote the value, and
// the limit of memory.
func refused(t *testing.T, c codec.Codec[[]byte], data []byte) {
	t.Helper()
	kept := bytes.Clone(data)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v, err := codec.DecodeFor(c, key, data)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Fatalf("% x gives %q", data, v)
	}
	if strings.Contains(err.Error(), "secret") || v != nil {
		t.Fatalf("%q, %v", v, err)
	}
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64*len(data)+64<<10); got > most {
		t.Errorf("%d bytes allocate %d", len(data), got)
	}
	if !bytes.Equal(kept, data) {
		t.Error("the input is modified")
	}
}

func TestCutAndFlipped(t *testing.T) {
	for name, aead := range aeads(t) {
		t.Run(name, func(t *testing.T) {
			c := seal.New(raw{}, aead, nil)
			for _, v := range []string{"", "secret", strings.Repeat("secret ", 30)} {
				data := encode(t, c, []byte(v))
				for n := range data {
					refused(t, c, data[:n:n])
				}
				refused(t, c, append(bytes.Clone(data), 0))
				for bit := range 8 * len(data) {
					flipped := bytes.Clone(data)
					flipped[bit/8] ^= 1 << (bit % 8)
					refused(t, c, flipped)
				}
			}
		})
	}
}

func TestHostile(t *testing.T) {
	ring := keys(t, 1, map[uint32]cipher.AEAD{1: gcm(t, "one"), 0: gcm(t, "nil")})
	c := seal.New(raw{}, ring, nil)
	data := encode(t, c, []byte("secret"))
	for name, tt := range map[string]struct{ data, want string }{
		"an unknown id":         {"\xc1\x10\x02" + string(data[3:]), "key 2, which is not among"},
		"the id of another key": {"\xc1\x10\x00" + string(data[3:]), "or sealed by another cipher"},
		"an id of 2^32+1": {"\xc1\x10\x81\x80\x80\x80\x10" + string(data[3:]),
			"key 4294967297, which is not among"},
		"an id with zeros":   {"\xc1\x10\x81\x00" + string(data[3:]), "malformed"},
		"no id":              {"\xc1\x10", "malformed"},
		"a future kind":      {"\xc1\x11" + string(data[2:]), "unknown kind 0x11"},
		"compressed":         {"\xc1\x01" + string(data[2:]), "compressed and not sealed"},
		"a version":          {"\xc1\x20" + string(data[2:]), "versioned and not sealed"},
		"raw":                {"\xc1\x00secret", "raw and not sealed"},
		"unframed":           {"secret", "unframed and not sealed"},
		"nothing":            {"", "unframed and not sealed"},
		"an id and no more":  {"\xc1\x10\x01", "too short"},
		"one byte too short": {string(data[:3+12+15]), "too short"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, c, []byte(tt.data))
			_, err := codec.DecodeFor(c, key, []byte(tt.data))
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %q, want %q", err, tt.want)
			}
		})
	}
}

func FuzzSeal(f *testing.F) {
	ring := keys(f, 1, map[uint32]cipher.AEAD{1: gcm(f, "one"), 2: long(f, "two")})
	both := map[string]codec.Codec[[]byte]{
		"Keys": seal.New(raw{}, ring, nil), "own AEAD": seal.New(raw{}, hidden{ring}, nil),
	}
	f.Add(key, []byte("value"))
	f.Add("k", encode(f, both["Keys"], nil))
	f.Add("k", []byte("\xc1\x10\x02"))
	f.Fuzz(func(t *testing.T, key string, data []byte) {
		for name, c := range both {
			for _, record := range [][]byte{data, append([]byte{0xc1, 0x10}, data...),
				append([]byte{0xc1, 0x10, 2}, data...)} {
				if v, err := codec.DecodeFor(c, key, record); err == nil {
					t.Fatalf("%s: a forged record gives %q", name, v)
				}
			}
			sealed, err := codec.EncodeFor(c, key, data)
			if key == "" {
				if err == nil {
					t.Fatalf("%s: sealed without a key", name)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if v, err := codec.DecodeFor(c, key, sealed); err != nil || !bytes.Equal(v, data) {
				t.Fatalf("%s: %q comes back as %q, %v", name, data, v, err)
			}
			if v, err := codec.DecodeFor(c, key+"x", sealed); err == nil {
				t.Fatalf("%s: moved, it gives %q", name, v)
			}
		}
	})
}
