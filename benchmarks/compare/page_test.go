package compare

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
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
	// the page keeps to what HTML and XML have in common
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
	charts := len(sample().metrics()) // of one group; the other has nothing to show
	if charts != 12 || seen["svg"] != charts || seen["figure"] != charts || seen["table"] != 2 ||
		seen["section"] != 2 {
		t.Errorf("%d charts wanted; elements %v", charts, seen)
	}
	for _, want := range []string{
		"tweets & <script>", "<proto>", "it is <faster>", "Rule: the shortest <b>.",
		"own is not measured: record 3: lost", "no codec gives every record back",
		"Redis 7.0.15, standalone", "As found.", "194,646",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, m := range sample().metrics() {
		if !strings.Contains(text.String(), m.title+m.better) {
			t.Errorf("no chart %q, %s", m.title, m.better)
		}
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
	if !strings.Contains(html,
		`http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"`) {
		t.Error("no policy that keeps it so")
	}
}

// Each chart is drawn in variables alone, and light and dark give each of them a colour, of their
// own.
func TestPageInBothThemes(t *testing.T) {
	html := pageOf(t, sample())
	light, dark, ok := strings.Cut(html, "@media (prefers-color-scheme: dark)")
	dark, _, closed := strings.Cut(dark, "\n* ")
	if !ok || !closed {
		t.Fatal("the page has no dark theme")
	}
	variable := regexp.MustCompile(`(--\w+): (#[0-9a-f]{6})`)
	colours := func(css string) map[string]string {
		found := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(css, -1) {
			found[m[1]] = m[2]
		}
		return found
	}
	inLight, inDark := colours(light), colours(dark)
	for i, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(html, -1) {
		if bad := regexp.MustCompile(`#[0-9a-fA-F]{3,6}|rgb`).FindString(svg); bad != "" {
			t.Errorf("chart %d has the colour %s in both themes", i, bad)
		}
		var used []string
		for _, m := range regexp.MustCompile(`var\((--\w+)\)`).FindAllStringSubmatch(svg, -1) {
			used = append(used, m[1])
			if inLight[m[1]] == "" || inDark[m[1]] == "" || inLight[m[1]] == inDark[m[1]] {
				t.Errorf("chart %d: %s is %q in light and %q in dark", i, m[1], inLight[m[1]],
					inDark[m[1]])
			}
		}
		// text, axis, a bar for each codec
		for _, want := range []string{"--ink", "--line", "--codec0", "--codec1"} {
			if !slices.Contains(used, want) {
				t.Errorf("chart %d draws nothing in %s", i, want)
			}
		}
		if strings.Contains(svg, "own") || !strings.Contains(svg, "&lt;proto&gt;") {
			t.Errorf("chart %d: not the codecs that were measured", i)
		}
	}
}
