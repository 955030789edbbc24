package cache

import "fmt"

// Secret is a text that does not show: whatever prints or marshals it gets
// "[redacted]", also where it stands deep in another value. The zero Secret is
// the empty text.
type Secret struct{ text *string } // fmt prints a pointer's address where it may not call Format

// NewSecret returns the Secret of a text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

const redacted = "[redacted]"

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// String returns "[redacted]", or "" for the empty text.
func (s Secret) String() string {
	if s.Reveal() == "" {
		return ""
	}
	return redacted
}

// MarshalText implements encoding.TextMarshaler, for JSON, slog and others.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
