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

// minNonce is the length of the shortest nonce that may be random, in bytes.
const minNonce = 12

// Keys returns an [AEAD] made of ciphers with ids. It encrypts with the cipher of the id current,
// and puts that id into each record. It decrypts a record with the cipher of the record's id. If
// there is none, that is an error, and no other cipher is tried. The AEAD is safe for concurrent
// use if the ciphers are.
//
// Nonces are random, from crypto/rand. Their length limits the number of messages for a key; see
// the package comment. A nonce of 1 to 11 bytes is an error, since random nonces of that length
// repeat too soon. A cipher with a nonce of 0 bytes makes its nonces itself, as
// cipher.NewGCMWithRandomNonce does.
//
// Never give the id of a key to another key. Keys copies the map. It returns an error if current is
// not in the map, if a cipher is nil, or if its nonce is too short.
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

// keyring is the AEAD of Keys. New does not call its exported methods, since they allocate.
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

// appendHeader completes the associated data: the length of the header, the kind and the id.
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

// find returns the id and the cipher of a body, and the rest behind the id.
func (k *keyring) find(body []byte) (uint32, gocipher.AEAD, []byte, error) {
	id, rest, err := frame.CutUvarint(body)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("seal: %w", err)
	}
	// An id of more than 32 bits is not in this map.
	c := k.ciphers[uint32(id)]
	if c == nil || id>>32 != 0 {
		return 0, nil, nil, fmt.Errorf("seal: the record is sealed with key %d, "+
			"which is not among the keys", id)
	}
	return uint32(id), c, rest, nil
}

var errOpen = errors.New("seal: the record was changed, moved, or sealed by another cipher")

// decrypt appends the plaintext to dst. data is nonce and ciphertext.
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
