package cache

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// redactKey returns the key of fingerprints. An unkeyed hash of an integer or of a short text can
// be undone by trying all of them.
func redactKey(secret string) []byte {
	if secret != "" {
		return []byte(secret)
	}
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return key
}

// label returns what errors show for the text of a key: the text, or its fingerprint.
func (c *core) label(text string) string {
	if c.redact == nil || text == "" {
		return text
	}
	mac := hmac.New(sha256.New, c.redact)
	mac.Write([]byte(text))
	return "#" + hex.EncodeToString(mac.Sum(nil)[:8])
}
