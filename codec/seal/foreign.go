package seal

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/activettl/rediscache/internal/frame"
)

// version is the first byte of all associated data. Another form of the data must have another
// byte.
const version = 1

// buffers are for associated data. Without them each call would allocate.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// appendKey appends the part of the associated data before the header.
func appendKey(dst []byte, key string) []byte {
	dst = append(dst, version)
	dst = binary.AppendUvarint(dst, uint64(len(key)))
	return append(dst, key...)
}

// foreign is an AEAD of the user. Its header is only the kind.
type foreign struct{ aead AEAD }

func (f foreign) ad(dst []byte, key string) []byte {
	return append(appendKey(dst, key), 1, byte(frame.Sealed))
}

func (f foreign) seal(dst, plaintext []byte, key string) ([]byte, error) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = f.ad((*buf)[:0], key)
	ciphertext, err := f.aead.Encrypt(plaintext, *buf)
	if err != nil {
		return dst, fmt.Errorf("seal: cannot encrypt: %w", err)
	}
	dst = frame.Append(frame.Grow(dst, frame.HeadLen+len(ciphertext)), frame.Sealed)
	return append(dst, ciphertext...), nil
}

func (f foreign) open(dst, body []byte, key string) ([]byte, error) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = f.ad((*buf)[:0], key)
	plaintext, err := f.aead.Decrypt(body, *buf)
	if err != nil {
		return dst, fmt.Errorf("seal: the record may be changed or moved: %w", err)
	}
	return append(frame.Grow(dst, len(plaintext)), plaintext...), nil
}
