package main

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// visible makes a text safe for a terminal: what is no visible character (escape codes, line
// breaks, characters that turn the direction of writing) is spelled out as in Go.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// oneLine returns the text of an error, also of a joined one, as one visible line.
func oneLine(err error) string {
	return visible(strings.NewReplacer(":\n", ": ", "\n", "; ").Replace(err.Error()))
}

// short writes a duration without its zeros and, below a minute, to the hundredth of a second.
func short(d time.Duration) string {
	if d < time.Minute {
		d = d.Round(10 * time.Millisecond)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
