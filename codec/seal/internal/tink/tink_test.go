package tink

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/seal"
)

type account struct {
	IBAN string `json:"iban"`
}

const key = "bank:42"

// sealed returns the codec of a process with the present keyset.
func sealed(tb testing.TB, m *keyset.Manager) codec.Codec[account] {
	tb.Helper()
	handle, err := m.Handle()
	if err != nil {
		tb.Fatal(err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		tb.Fatal(err)
	}
	c := seal.New(codec.JSON[account]{}, primitive, nil)
	if err := codec.Check(c); err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestRotation changes the key as a service does: each step is deployed everywhere before the next
// one. Each step must read the records of the steps before and after it.
func TestRotation(t *testing.T) {
	m := keyset.NewManager()
	first, err := m.Add(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetPrimary(first); err != nil {
		t.Fatal(err)
	}
	steps := []codec.Codec[account]{sealed(t, m)}

	second, err := m.Add(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	steps = append(steps, sealed(t, m)) // reads both keys, writes the first

	if err := m.SetPrimary(second); err != nil {
		t.Fatal(err)
	}
	steps = append(steps, sealed(t, m)) // reads both keys, writes the second

	if err := m.Delete(first); err != nil {
		t.Fatal(err)
	}
	steps = append(steps, sealed(t, m)) // when the longest TTL has passed

	want := account{"CH93 0076 2011 6238 5295 7"}
	for i, writer := range steps {
		data, err := codec.EncodeFor(writer, key, want)
		if err != nil {
			t.Fatal(err)
		}
		for j, reader := range steps {
			got, err := codec.DecodeFor(reader, key, data)
			readable := i < 2 && j < 3 || i >= 2 && j >= 1
			if readable && (err != nil || got != want) {
				t.Errorf("step %d reads %v, %v of step %d", j, got, err, i)
			} else if !readable && err == nil {
				t.Errorf("step %d reads step %d", j, i)
			}
			if _, err := codec.DecodeFor(reader, "bank:43", data); err == nil {
				t.Errorf("step %d reads a moved record", j)
			}
		}
	}
}

func TestErrorsSayNothing(t *testing.T) {
	m := keyset.NewManager()
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetPrimary(id); err != nil {
		t.Fatal(err)
	}
	c := sealed(t, m)
	data, err := codec.EncodeFor(c, key, account{"secret"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		_, err := codec.DecodeFor(c, key, data[:n])
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// Example_xChaCha20 uses ciphers with ids, and no keyset.
func Example_xChaCha20() {
	secret := make([]byte, chacha20poly1305.KeySize) // from your secret store
	rand.Read(secret)
	c, err := chacha20poly1305.NewX(secret)
	if err != nil {
		panic(err)
	}
	keys, err := seal.Keys(1, map[uint32]cipher.AEAD{1: c})
	if err != nil {
		panic(err)
	}
	accounts := seal.New(codec.JSON[account]{}, keys, nil)
	data, err := codec.EncodeFor(accounts, key, account{"CH93"})
	fmt.Println(len(data)-len(`{"iban":"CH93"}`), err)
	v, err := codec.DecodeFor(accounts, key, data)
	fmt.Println(v.IBAN, err)
	// Output:
	// 43 <nil>
	// CH93 <nil>
}
