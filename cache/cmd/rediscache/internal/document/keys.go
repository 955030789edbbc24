package document

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/activettl/rediscache/codec/seal"
)

// Keys holds keys of package seal by their ids.
type Keys struct {
	ciphers map[uint32]cipher.AEAD
	aead    seal.AEAD
}

const takesKeys = "takes an id, aes-gcm, and a key of 16, 24 or 32 bytes in hex"

// ReadKeys reads keys, one per line: the id, the cipher and the bytes in hex, with spaces between
// them. It skips empty lines and lines that begin with #. The only cipher is aes-gcm. An error has
// the number of the line and nothing of its text.
func ReadKeys(r io.Reader) (*Keys, error) {
	keys := &Keys{ciphers: map[uint32]cipher.AEAD{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		id, c, ok := parseKey(strings.Fields(line))
		if !ok {
			return nil, fmt.Errorf("line %d %s", n, takesKeys)
		}
		if keys.ciphers[id] != nil {
			return nil, fmt.Errorf("line %d has the id of another line", n)
		}
		keys.ciphers[id] = c
		keys.aead, _ = seal.Keys(id, keys.ciphers) // decrypts with any of the keys
	}
	if lines.Err() != nil {
		return nil, errors.New("it cannot be read as lines of text")
	}
	if len(keys.ciphers) == 0 {
		return nil, errors.New("it has no key; a line " + takesKeys)
	}
	return keys, nil
}

func parseKey(fields []string) (id uint32, c cipher.AEAD, ok bool) {
	if len(fields) != 3 || fields[1] != "aes-gcm" {
		return 0, nil, false
	}
	n, err := strconv.ParseUint(fields[0], 10, 32)
	secret, err2 := hex.DecodeString(fields[2])
	if err != nil || err2 != nil {
		return 0, nil, false
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return 0, nil, false
	}
	c, err = cipher.NewGCM(block)
	return uint32(n), c, err == nil
}

// current returns the AEAD that encrypts with the key of an id.
func (k *Keys) current(id uint64) (seal.AEAD, error) {
	if k == nil || k.ciphers[uint32(id)] == nil {
		return nil, ErrSealed
	}
	return seal.Keys(uint32(id), k.ciphers)
}
