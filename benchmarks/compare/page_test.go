package compare

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func pageOf(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageIsWellFormed(t *testing.T) {
	html := pageOf(t, sample())
	if !strings.HasPrefix(html, "<!DOCTYPE html>\n") {
		t.Error("no doctype")
	}
	// the page uses only syntax that HTML and XML share
	d := xml.NewDecoder(strings.NewReader(html))
	var text strings.Builder
	seen := map[string]int{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			seen[token.Name.Local]++
		case xml.CharData:
			text.Write(token)
		}
	}
	// one of the groups has no codec left to show
	for element, want := range map[string]int{"section": 2, "figure": 1, "table": 1} {
		if seen[element] != want {
			t.Errorf("%d elements %s, want %d", seen[element], element, want)
		}
	}
	for _, want := range []string{
		"tweets & <script>", "<proto>", "it is <faster>", "Rule: the shortest <b>.",
		"own is not measured: record 3: lost", "no codec gives every record back",
		"Redis 7.0.15, standalone", "As found.", "40 rounds", "1 record.", "194,646",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestPageTable(t *testing.T) {
	_, table, _ := strings.Cut(pageOf(t, sample()), "<table>")
	table, _, _ = strings.Cut(table, "</table>")
	var heads []string
	head := regexp.MustCompile(`<th(?: [^>]*)?>(?:<span>)?([^<]*)<`)
	for _, m := range head.FindAllStringSubmatch(table, -1) {
		heads = append(heads, m[1])
	}
	want := []string{"codec", "Size", "Encode", "Decode", "Set, 1 goroutine", "Get, 1 goroutine",
		"8 goroutines", "In Redis",
		"bytes", "µs", "allocations", "µs", "allocations", "p50, µs", "p99, µs", "p50, µs",
		"p99, µs", "Set, calls/s", "Get, calls/s", "bytes", "json", "&lt;proto&gt;", "own"}
	if !slices.Equal(heads, want) {
		t.Errorf("heads %q\nwant  %q", heads, want)
	}
	for _, want := range []string{
		"<td>1.66<small>1.61–2.05</small></td>",                 // the spread
		"<td><b>1.17</b><small>1.10–1.18</small></td>",          // the best, which is less
		"<td><b>194,646</b><small>190,000–195,000</small></td>", // the best, which is more
		`<tr class="best"><th class="codec"><span>json</span>`,  // recommended
		`<tr><th class="codec"><span>own</span></th><td>–</td>`, // not measured
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no %s in\n%s", want, table)
		}
	}
	r := sample()
	r.Results[0].Codecs = r.Results[0].Codecs[:1]
	if strings.Contains(pageOf(t, r), "<b>631</b>") {
		t.Error("a figure is the best of one")
	}
}

func TestPageLoadsNothing(t *testing.T) {
	html := pageOf(t, sample())
	for _, bad := range []string{"http:", "https:", "//", "<script", "<link", "<iframe", "<img",
		"<object", "@import", "url(", "src=", "href=", "javascript:", " onload"} {
		if strings.Contains(strings.ToLower(html), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(html, `http-equiv="Content-Security-Policy" `+
		`content="default-src 'none'; style-src 'unsafe-inline'"`) {
		t.Error("no policy that forbids to load")
	}
}

// All colours are variables. Both themes define each of them, with enough contrast.
func TestPageInBothThemes(t *testing.T) {
	light, rest, ok := strings.Cut(pageOf(t, sample()), "@media (prefers-color-scheme: dark)")
	dark, rest, closed := strings.Cut(rest, "\n* ")
	if !ok || !closed {
		t.Fatal("the page has no dark theme")
	}
	if bad := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\(`).FindString(rest); bad != "" {
		t.Errorf("the colour %s is the same in both themes", bad)
	}
	for theme, css := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		defined := regexp.MustCompile(`(--\w+): (#[0-9a-f]{6})`)
		for _, m := range defined.FindAllStringSubmatch(css, -1) {
			colours[m[1]] = m[2]
		}
		for _, m := range regexp.MustCompile(`var\((--\w+)\)`).FindAllStringSubmatch(rest, -1) {
			if colours[m[1]] == "" {
				t.Errorf("%s: %s has no colour", theme, m[1])
			}
		}
		// WCAG 2.2 wants 4.5 for text and 3 for graphics.
		for _, pair := range []struct {
			on, back string
			least    float64
		}{
			{"--ink", "--page", 7}, {"--ink", "--card", 7}, {"--soft", "--page", 4.5},
			{"--soft", "--card", 4.5}, {"--mark", "--card", 4.5}, {"--set", "--card", 3},
			{"--get", "--card", 3}, {"--ink", "--set", 3}, {"--ink", "--get", 3},
			{"--warn", "--page", 3},
		} {
			a, b := luminance(t, colours[pair.on]), luminance(t, colours[pair.back])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < pair.least {
				t.Errorf("%s: contrast of %s on %s is %.2f, want %v", theme, pair.on, pair.back,
					ratio, pair.least)
			}
		}
	}
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(shift int) float64 {
		c := float64(rgb>>shift&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}
