package cache

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// fingerprints returns a function that returns the fingerprint of a key's text. The fingerprint is
// an HMAC: a plain hash of an integer or a short text can be reversed by trying all of them. The
// secret is a variable of the function, where fmt does not print it.
func fingerprints(secret string) func(text string) string {
	if secret == "" {
		secret = rand.Text()
	}
	return func(text string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(text))
		return "#" + hex.EncodeToString(mac.Sum(nil)[:8])
	}
}

// label returns what errors show for the text of a key: the text or its fingerprint.
func (c *core) label(text string) string {
	if c.redact == nil || text == "" {
		return text
	}
	return c.redact(text)
}
