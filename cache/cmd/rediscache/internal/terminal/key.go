package terminal

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Key formats a key: as it is, or as a quoted Go string if it could be misread. [ParseKey] reads
// both forms. A key is quoted if it is empty, begins with a quote or a hyphen, or has spaces,
// characters that are not printable, or bytes that are not UTF-8.
func Key(key string) string {
	if key == "" || key[0] == '"' || key[0] == '-' || !plain(key) || strings.Contains(key, " ") {
		return strconv.Quote(key)
	}
	return key
}

// ParseKey reads a key in one of the forms of [Key]. The error does not show the key.
func ParseKey(shown string) (string, error) {
	if !strings.HasPrefix(shown, `"`) {
		return shown, nil
	}
	key, err := strconv.Unquote(shown)
	if err != nil {
		return "", errors.New(`a key that begins with a quote must be a quoted Go string, ` +
			`such as "a\nb"`)
	}
	return key, nil
}

// plain reports whether a text has only printable characters and spaces.
func plain(text string) bool {
	for i, r := range text {
		if !unicode.IsPrint(r) {
			return false
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return false
			}
		}
	}
	return true
}

// Text formats a text: as it is if it has only printable characters, tabs and line ends, and
// otherwise as a quoted Go string.
func Text(text string) string {
	if plain(strings.NewReplacer("\n", "", "\t", "").Replace(text)) {
		return text
	}
	return strconv.Quote(text)
}

// Line formats a text as one line.
func Line(text string) string {
	if plain(text) {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// JSON escapes all characters of valid JSON that are not printable. The result has the same
// meaning: only strings hold such characters, and a string may escape any character.
func JSON(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r < 0x7f || r != utf8.RuneError && unicode.IsPrint(r):
			out = append(out, data[:size]...)
		case r > 0xffff:
			for _, half := range []rune{0xd800 + (r-0x10000)>>10, 0xdc00 + (r-0x10000)&0x3ff} {
				out = appendEscape(out, half)
			}
		default:
			out = appendEscape(out, r)
		}
		data = data[size:]
	}
	return out
}

func appendEscape(dst []byte, r rune) []byte {
	hex := strconv.FormatInt(int64(r)+0x10000, 16) // with leading zeros
	return append(append(dst, `\u`...), hex[1:]...)
}

// Name is a key in the JSON output: Key, or KeyBase64 if the key is not UTF-8.
type Name struct {
	Key       *string `json:"key,omitempty"`
	KeyBase64 []byte  `json:"keyBase64,omitempty"`
}

// NameOf returns the Name of a key.
func NameOf(key string) Name {
	if utf8.ValidString(key) {
		return Name{Key: &key}
	}
	return Name{KeyBase64: []byte(key)}
}

// AppendJSON appends v as one line of JSON. It panics if v cannot be encoded, which does not happen
// with the types of the tool.
func AppendJSON(dst []byte, v any) []byte {
	var line strings.Builder
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return append(append(dst, JSON([]byte(strings.TrimSuffix(line.String(), "\n")))...), '\n')
}
