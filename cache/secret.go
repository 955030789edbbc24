package cache

import "fmt"

// Secret is a text that does not show, such as a password. Everything that prints or marshals it
// gets "[redacted]", even if it is deep in another value. The zero Secret is the empty text. A
// Secret is safe for concurrent use.
type Secret struct{ text *string }

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

const redacted = "[redacted]"

// Format implements fmt.Formatter. It writes the same for every verb. Where fmt may not call it,
// fmt prints only an address.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// String returns "[redacted]", or "" for the empty text.
func (s Secret) String() string {
	if s.Reveal() == "" {
		return ""
	}
	return redacted
}

// MarshalText implements encoding.TextMarshaler for encoding/json, log/slog and others.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
