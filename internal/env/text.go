package env

import (
	"strings"

	"github.com/activettl/rediscache/internal/names"
)

// Text is any text, such as a user's name or a file's path.
type Text string

// EnvDecode implements envconfig.Decoder.
func (t *Text) EnvDecode(s string) error {
	*t = Text(strings.TrimSpace(s))
	return nil
}

// Password is any text. Line ends at its end are removed, since files and secret stores often add
// them. Blanks may belong to it and stay.
type Password string

// EnvDecode implements envconfig.Decoder.
func (p *Password) EnvDecode(s string) error {
	*p = Password(strings.TrimRight(s, "\r\n"))
	return nil
}

// ClientName is a name that CLIENT SETNAME accepts.
type ClientName string

// EnvDecode implements envconfig.Decoder.
func (n *ClientName) EnvDecode(s string) error {
	s = strings.TrimSpace(s)
	if strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' }) {
		return Takes("letters, digits and punctuation of ASCII, without blanks")
	}
	*n = ClientName(s)
	return nil
}

// Namespace is the prefix of the names of caches.
type Namespace string

// EnvDecode implements envconfig.Decoder.
func (n *Namespace) EnvDecode(s string) error {
	s = strings.TrimSpace(s)
	if _, err := names.New(s, "x"); err != nil {
		return Takes("parts of letters, digits, _ and -, each followed by / or a dot, such as " +
			"shop/prod/")
	}
	*n = Namespace(s)
	return nil
}

// Bool is true or false. It also accepts 1 and 0, yes and no, on and off.
type Bool bool

// EnvDecode implements envconfig.Decoder.
func (b *Bool) EnvDecode(s string) error {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "t", "1", "yes", "y", "on":
		*b = true
	case "false", "f", "0", "no", "n", "off":
		*b = false
	default:
		return Takes("true or false (or 1 and 0, yes and no, on and off)")
	}
	return nil
}

// Not accepts the same texts as Bool, and has the opposite value.
type Not bool

// EnvDecode implements envconfig.Decoder.
func (n *Not) EnvDecode(s string) error {
	var b Bool
	err := b.EnvDecode(s)
	*n = !Not(b)
	return err
}

// ReadFrom is primary, replica or nearest, in lower case.
type ReadFrom string

// EnvDecode implements envconfig.Decoder.
func (r *ReadFrom) EnvDecode(s string) error {
	switch s = strings.ToLower(strings.TrimSpace(s)); s {
	case "primary", "replica", "nearest":
		*r = ReadFrom(s)
		return nil
	}
	return Takes("primary, replica or nearest")
}
