package compare

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Widths of a page in px.
const phone, tablet, laptop = 375, 768, 1280

// Nothing on the page is too wide, cut off or covered, at any width and with any report.
func TestPageInABrowser(t *testing.T) {
	pages := map[string]string{"sample": pageOf(t, sample()), "hostile": pageOf(t, hostile())}
	// Pages that are broken on purpose are named after the fault that must be found.
	add := func(fault, before, what string) {
		broken := strings.Replace(pages["sample"], before, what+before, 1)
		if broken == pages["sample"] {
			t.Fatalf("the page has no %s", before)
		}
		pages[fault] = broken
	}
	const narrow = ".name { width: 1ch; overflow-wrap: normal; }"
	for fault, rule := range map[string]string{
		"the page scrolls sideways":    ".scroll { overflow: visible; }",
		"wider than the page: <figure": "figure { width: 1400px; }",
		`text outside its box: "json`:  narrow,
		`text cut off: "json`:          narrow + ".name { overflow: hidden; }",
		`texts overlap: "recommended`:  ".value { position: relative; left: -11rem; }",
	} {
		add(fault, "</style>", rule)
	}
	for fault, texts := range map[string]string{
		`text outside its box: "2537" in <svg`: `<text x="90" y="15">2537</text>`,
		`texts overlap: "json" in <svg`: `<text x="1" y="15">json</text>` +
			`<text x="9" y="15">2537</text>`,
	} {
		add(fault, "</figure>", `<svg viewBox="0 0 100 20">`+texts+"</svg>")
	}

	views := browse(t, pages)
	if len(views) != 3*len(pages) {
		t.Errorf("%d views, want %d pages at 3 widths", len(views), len(pages))
	}
	for _, v := range views {
		intact := v.Page == "sample" || v.Page == "hostile"
		found := slices.ContainsFunc(v.Faults, func(fault string) bool {
			return strings.HasPrefix(fault, v.Page)
		})
		switch {
		case v.Texts < 20:
			t.Errorf("%s at %d px has %d texts: that is not the page", v.Page, v.Width, v.Texts)
		case intact && len(v.Faults) > 0:
			t.Errorf("%s at %d px:\n%s", v.Page, v.Width, strings.Join(v.Faults, "\n"))
		case !intact && v.Width == phone && !found:
			t.Errorf("%q is not found, but %q", v.Page, v.Faults)
		}
	}
}

// hostile is a report with long texts without spaces, right-to-left scripts, many codecs, and
// figures that are zero or huge.
func hostile() *Report {
	long := strings.Repeat("unbreakable", 20)
	r := &Report{Host: long, Server: long, Rounds: math.MaxInt, Parallel: math.MaxInt,
		Memory: long, Rule: long, Caution: long}
	huge := Figures{
		Name: long, Type: long, Bytes: 1e18, RedisBytes: 1e18,
		Encode: Cost{math.MaxInt64, math.MaxInt64, math.MaxInt64, 1e18},
		Decode: Cost{1, 0, math.MaxInt64, 1e-9},
		Set:    Calls{math.MaxInt64, 0, math.MaxInt64, math.MaxInt64, 1e18, 1, 1e18},
		Get:    Calls{1, 1, 1, 1, 1e-9, 0, 1e-9},
	}
	zero := Figures{Name: "zero"}
	many := []Figures{huge, zero, {Name: "msgpack zstd of records", Error: long}}
	for _, name := range []string{"<b>&amp;", "日本語のコーデックの長い名前です", "קודק ארוך מאוד עם שם ארוך",
		"🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀"} {
		f := sample().Results[0].Codecs[0]
		f.Name = name
		many = append(many, f)
	}
	for i := range 30 {
		f := sample().Results[0].Codecs[1]
		f.Name = fmt.Sprint("codec ", i)
		many = append(many, f)
	}
	r.Results = []Result{
		{Name: long, Note: long, Records: math.MaxInt, Best: long, Why: long, Codecs: many},
		{Name: "zeros", Best: "zero", Why: "a tie", Codecs: []Figures{zero, {Name: "zero too"}}},
		{Name: "none", Why: long, Codecs: []Figures{{Name: long, Error: long}}},
	}
	return r
}

// view is a page at one width, as testdata/measure.js describes it.
type view struct {
	Page   string
	Width  int
	Texts  int // pieces of text
	Faults []string
}

//go:embed testdata/measure.js
var measureJS string

// browse opens the pages at each width, in frames of one page. The pages' own policy allows no
// script in them, so the script is in the page around them.
func browse(t *testing.T, pages map[string]string) []view {
	t.Helper()
	chromium := browser(t)
	var outer strings.Builder
	fmt.Fprintf(&outer, "<!DOCTYPE html><script>%s</script>", measureJS)
	for name, page := range pages {
		for _, width := range []int{phone, tablet, laptop} {
			fmt.Fprintf(&outer,
				`<iframe title="%s" style="border: 0; width: %dpx" srcdoc="%s"></iframe>`,
				html.EscapeString(name), width, html.EscapeString(page))
		}
	}
	outer.WriteString(`<pre id="results"></pre>`)
	// From a server, because a browser that is a snap cannot read the files of this process.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, outer.String())
	}))
	defer server.Close()

	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile) // t.TempDir would fail if a last process still writes
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--dump-dom", "--hide-scrollbars",
		"--no-sandbox", // root needs it, and the test wrote the pages
		"--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
		"--no-first-run", "--user-data-dir="+profile, server.URL)
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	dom, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%s: %v\n%s", chromium, err, &stderr)
	}
	_, results, found := strings.Cut(string(dom), `<pre id="results">`)
	results, _, closed := strings.Cut(results, "</pre>")
	var views []view
	if err := json.Unmarshal([]byte(html.UnescapeString(results)), &views); err != nil {
		t.Fatalf("%v (begin %v, end %v) in\n%.2000s\n%s", err, found, closed, results, &stderr)
	}
	return views
}

// browser returns the path of Chromium or Chrome. Without one, it skips the test, or fails it if
// BROWSER_REQUIRED is set.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	switch os.Getenv("BROWSER_REQUIRED") {
	case "", "0", "false", "no":
		// t.Skip shows only under -v
		fmt.Fprintf(os.Stderr, "SKIP: %s: no chromium or google-chrome in PATH; "+
			"BROWSER_REQUIRED=1 makes this a failure\n", t.Name())
		t.Skip("SKIP: no browser in PATH")
	}
	t.Fatal("no chromium or google-chrome in PATH, and BROWSER_REQUIRED is set")
	return ""
}
