package main

import (
	"testing"
	"time"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		"日本 Ann":          "日本 Ann",
		"a\nb\tc\r":       `a\nb\tc\r`,
		"\x1b[31m\x07":    `\x1b[31m\a`,
		"\u202eabc\u200b": `\u202eabc\u200b`,
		"a\u3000b":        "a b",
		"\u2028":          `\u2028`,
		"\xff":            "\ufffd",
		"it's":            "it's",
		"'":               "'",
	} {
		if got := visible(text); got != want {
			t.Errorf("visible(%q) = %q, want %q", text, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 1200 * time.Millisecond: "1.2s", 794321 * time.Microsecond: "790ms",
		time.Minute: "1m", 30 * time.Minute: "30m",
		2 * time.Hour: "2h", 100 * time.Minute: "1h40m", time.Hour +
			5*time.Second: "1h0m5s", 10 * time.Second: "10s",
	} {
		if got := short(d); got != want {
			t.Errorf("short(%v) = %q, want %q", d, got, want)
		}
	}
}
