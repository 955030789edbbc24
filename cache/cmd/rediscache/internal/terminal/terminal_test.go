package terminal

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestKey(t *testing.T) {
	for key, want := range map[string]string{
		"42": "42", "a:b": "a:b", "é😀": "é😀", "a b": `"a b"`, "": `""`, "-x": `"-x"`,
		`"`:   `"\""`,
		"a\n": `"a\n"`, "\xff": `"\xff"`, "\u009b": `"\u009b"`, "\u202e": `"\u202e"`,
		"\ufffd": "\ufffd",
		"x\"y":   `x"y`, `\`: `\`, "\u2028": `"\u2028"`, "\u00a0": `"\u00a0"`,
	} {
		if got := Key(key); got != want {
			t.Errorf("Key(%q) = %s, want %s", key, got, want)
		}
	}
	for _, bad := range []string{`"`, `"a`, `"a"b`, `"\z"`, "\"a\nb\""} {
		if key, err := ParseKey(bad); err == nil || strings.Contains(err.Error(), bad+" ") {
			t.Errorf("ParseKey(%q) = %q, %v", bad, key, err)
		}
	}
}

// ParseKey returns every key that Key formats, and the formatted text is printable.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"", "a", "\"", "-", "\x1b[0m", "\xff", "\u202e", " ", "`"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		shown := Key(key)
		back, err := ParseKey(shown)
		if err != nil || back != key {
			t.Errorf("%q is shown as %s, which is %q, %v", key, shown, back, err)
		}
		for name, text := range map[string]string{
			"Key": shown, "Line": Line(key),
			"Text": strings.NewReplacer("\n", "", "\t", "").Replace(Text(key)),
			"JSON": strings.TrimSpace(string(AppendJSON(nil, key))),
		} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
				return !unicode.IsPrint(r)
			}) {
				t.Errorf("%s(%q) = %q", name, key, text)
			}
		}
	})
}

// Escaped JSON has the same meaning.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a\u001b":"\u009b` + "\u009b\u202e\U000e0001\x7f" + `😀"}`)
	f.Add("\"\xff\"")
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			t.Skip()
		}
		escaped := string(JSON([]byte(text)))
		if !reflect.DeepEqual(decoded(t, text), decoded(t, escaped)) {
			t.Errorf("%q became %q", text, escaped)
		}
	})
}

func decoded(t *testing.T, text string) (v any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // of any size
	if err := d.Decode(&v); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return v
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567",
		-123: "-123"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB",
		10240: "10 KiB", 1 << 20: "1 MiB", 1<<20 - 1: "1 MiB", 5 << 50: "5120 TiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 1500 * time.Microsecond: "1ms",
		59*time.Second + 999*time.Millisecond: "59.99s", time.Minute: "1m",
		90 * time.Second: "1m 30s",
		25 * time.Hour:   "1d 1h", 24*time.Hour + time.Minute: "1d", 2 * time.Hour: "2h"} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %s, want %s", d, got, want)
		}
	}
	one, two := Done(1, "record removed"), Done(2000, "key printed")
	if one != "1 record removed" || two != "2,000 keys printed" {
		t.Errorf("%s, %s", one, two)
	}
}

func TestHistogram(t *testing.T) {
	h := NewHistogram(10, 100, 1000, 10000)
	if got := h.Buckets(); len(got) != 0 {
		t.Errorf("the empty one has %v", got)
	}
	for range 100 {
		h.Add(11)
	}
	h.Add(100)
	h.Add(10001)
	var b strings.Builder
	h.Write(&b, func(limit int64) string { return Number(int(limit)) })
	want := "  up to 100     101  " + strings.Repeat("#", 40) + "\n  up to 1,000     0\n" +
		"  up to 10,000    0\n  more            1  #\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", &b, want)
	}
}
