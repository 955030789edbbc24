package seal

import (
	gocipher "crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/activettl/rediscache/internal/frame"
)

// minNonce is the shortest nonce that may be chosen at random, in bytes.
const minNonce = 12

// Keys returns an [AEAD] of ciphers with ids. It encrypts with the current one, and the id stands
// in each record. A record is decrypted with the cipher of its id. An id without cipher is an
// error, and no other cipher is tried.
//
// Nonces are random, by crypto/rand. How many messages a key is good for depends on their length;
// see the package comment. A cipher with a nonce of 1 to 11 bytes is refused: random nonces of that
// length repeat too soon. One with none makes its own, as cipher.NewGCMWithRandomNonce does.
//
// An id stands for one key for ever: do not give it to another key. The map is copied. Keys returns
// an error if current is not in it, or if a cipher is nil or its nonce too short.
func Keys(current uint32, ciphers map[uint32]gocipher.AEAD) (AEAD, error) {
	for id, c := range ciphers {
		if c == nil {
			return nil, fmt.Errorf("seal: the cipher of key %d is nil", id)
		}
		if n := c.NonceSize(); n > 0 && n < minNonce {
			return nil, fmt.Errorf("seal: the nonce of key %d has %d bytes; "+
				"at random it takes %d or more", id, n, minNonce)
		}
	}
	if ciphers[current] == nil {
		return nil, fmt.Errorf("seal: the current key %d is not among the keys", current)
	}
	return &keyring{current, maps.Clone(ciphers)}, nil
}

// keyring is what Keys returns. New does not call its exported methods, which cost allocations.
type keyring struct {
	current uint32
	ciphers map[uint32]gocipher.AEAD
}

// Encrypt implements AEAD.
func (k *keyring) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	return k.encrypt(nil, plaintext, appendID(slices.Clip(associatedData), k.current)), nil
}

// Decrypt implements AEAD.
func (k *keyring) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	id, c, rest, err := k.find(ciphertext)
	if err != nil {
		return nil, err
	}
	return decrypt(c, nil, rest, appendID(slices.Clip(associatedData), id))
}

func appendID(dst []byte, id uint32) []byte { return binary.AppendUvarint(dst, uint64(id)) }

// appendHeader completes the associated data: the header's length, kind and id.
func appendHeader(dst []byte, id uint32) []byte {
	at := len(dst)
	dst = appendID(append(dst, 0, byte(frame.Sealed)), id)
	dst[at] = byte(len(dst) - at - 1) // 6 at most, so its uvarint is one byte
	return dst
}

func (k *keyring) seal(dst, plaintext []byte, key string) ([]byte, error) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = appendHeader(appendKey((*buf)[:0], key), k.current)
	c := k.ciphers[k.current]
	dst = frame.Grow(dst, frame.HeadLen+binary.MaxVarintLen32+c.NonceSize()+len(plaintext)+
		c.Overhead())
	return k.encrypt(frame.Append(dst, frame.Sealed), plaintext, *buf), nil
}

// encrypt appends the id, a nonce and the ciphertext.
func (k *keyring) encrypt(dst, plaintext, ad []byte) []byte {
	c := k.ciphers[k.current]
	dst = appendID(dst, k.current)
	at, end := len(dst), len(dst)+c.NonceSize()
	dst = frame.Grow(dst, c.NonceSize()+len(plaintext)+c.Overhead())[:end]
	rand.Read(dst[at:]) // never fails
	return c.Seal(dst, dst[at:], plaintext, ad)
}

func (k *keyring) open(dst, body []byte, key string) ([]byte, error) {
	id, c, rest, err := k.find(body)
	if err != nil {
		return dst, err
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = appendHeader(appendKey((*buf)[:0], key), id)
	return decrypt(c, dst, rest, *buf)
}

// find returns the cipher of a body, and what stands behind the id.
func (k *keyring) find(body []byte) (uint32, gocipher.AEAD, []byte, error) {
	id, rest, err := frame.CutUvarint(body)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("seal: %w", err)
	}
	// An id of more than 32 bits is none of this map.
	c := k.ciphers[uint32(id)]
	if c == nil || id>>32 != 0 {
		return 0, nil, nil, fmt.Errorf("seal: the record is sealed with key %d, "+
			"which is not among the keys", id)
	}
	return uint32(id), c, rest, nil
}

var errOpen = errors.New("seal: the record was changed, moved, or sealed by another cipher")

// decrypt appends the plaintext of nonce and ciphertext.
func decrypt(c gocipher.AEAD, dst, data, ad []byte) ([]byte, error) {
	n := c.NonceSize()
	if len(data) < n+c.Overhead() {
		return dst, errors.New("seal: the record is too short to be sealed")
	}
	dst = frame.Grow(dst, len(data)-n-c.Overhead())
	out, err := c.Open(dst, data[:n], data[n:], ad)
	if err != nil {
		return dst, errOpen
	}
	return out, nil
}
