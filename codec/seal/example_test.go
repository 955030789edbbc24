package seal_test

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/seal"
)

type account struct {
	IBAN string `json:"iban"`
}

// newCipher makes an AES-GCM cipher. In your program the key comes from a secret store, and
// chacha20poly1305.NewX(key) is the better cipher.
func newCipher(key string) cipher.AEAD {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		panic(err)
	}
	c, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return c
}

func ExampleNew() {
	keys, err := seal.Keys(1, map[uint32]cipher.AEAD{1: newCipher("0123456789abcdef")})
	if err != nil {
		panic(err)
	}
	accounts := seal.New(compress.S2(codec.JSON[account]{}, nil), keys, nil)

	// A cache does this. The key is the Redis key of the record.
	data, err := codec.EncodeFor(accounts, "bank:42", account{"CH93"})
	fmt.Printf("% x %v\n", data[:3], err)
	v, err := codec.DecodeFor(accounts, "bank:42", data)
	fmt.Println(v.IBAN, err)

	_, err = codec.DecodeFor(accounts, "bank:43", data)
	fmt.Println(err)
	_, err = codec.DecodeFor(accounts, "bank:42", []byte(`{"iban":"forged"}`))
	fmt.Println(err)
	// Output:
	// c1 10 01 <nil>
	// CH93 <nil>
	// seal: the record was changed, moved, or sealed by another cipher
	// seal: the record is unframed and not sealed
}

func ExampleKeys() {
	old, fresh := newCipher("0123456789abcdef"), newCipher("fedcba9876543210")
	steps := []struct {
		current uint32
		ciphers map[uint32]cipher.AEAD
	}{
		{1, map[uint32]cipher.AEAD{1: old}},
		{1, map[uint32]cipher.AEAD{1: old, 2: fresh}}, // deploy this everywhere first
		{2, map[uint32]cipher.AEAD{1: old, 2: fresh}}, // until the longest TTL has passed
		{2, map[uint32]cipher.AEAD{2: fresh}},
	}
	var codecs []codec.Codec[string]
	for _, step := range steps {
		keys, err := seal.Keys(step.current, step.ciphers)
		if err != nil {
			panic(err)
		}
		codecs = append(codecs, seal.New(codec.String{}, keys, nil))
	}
	data, err := codec.EncodeFor(codecs[1], "k", "hello")
	if err != nil {
		panic(err)
	}
	v, err := codec.DecodeFor(codecs[2], "k", data)
	fmt.Println(v, err)
	_, err = codec.DecodeFor(codecs[3], "k", data)
	fmt.Println(err)
	// Output:
	// hello <nil>
	// seal: the record is sealed with key 1, which is not among the keys
}

func ExampleOptions() {
	keys, err := seal.Keys(1, map[uint32]cipher.AEAD{1: newCipher("0123456789abcdef")})
	if err != nil {
		panic(err)
	}
	migrating := seal.New(codec.String{}, keys, &seal.Options{AcceptPlain: true})
	v, err := codec.DecodeFor(migrating, "k", []byte("written before"))
	fmt.Println(v, err)
	// Output: written before <nil>
}
