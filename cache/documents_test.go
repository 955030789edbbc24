package cache_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeBlock  = regexp.MustCompile("(?s)```.*?```")
	linkTo     = regexp.MustCompile(`(?:\]\(|\]: )([^)\s]+)`)
	docHeading = regexp.MustCompile(`(?m)^// # (.*)$`)
	notInID    = regexp.MustCompile(`[^A-Za-z0-9]`)
)

// The links of the documents lead somewhere: to a file of this repository, to a heading of it, or
// to a heading of this package's documentation.
func TestDocumentsLink(t *testing.T) {
	headings := map[string]bool{}
	sources, err := filepath.Glob("doc*.go")
	must(t, err)
	for _, name := range sources {
		text, err := os.ReadFile(name)
		must(t, err)
		for _, m := range docHeading.FindAllStringSubmatch(string(text), -1) {
			headings["hdr-"+notInID.ReplaceAllString(m[1], "_")] = true
		}
	}
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		must(t, err)
		prose := codeBlock.ReplaceAllString(string(text), "")
		for _, m := range linkTo.FindAllStringSubmatch(prose, -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			switch {
			case strings.HasSuffix(path, "/rediscache/cache") && strings.HasPrefix(anchor, "hdr-"):
				if !headings[anchor] {
					t.Errorf("%s links to #%s, which is no heading of the package", name, anchor)
				}
			case strings.HasPrefix(path, "https://"):
			default:
				file := filepath.Join(filepath.Dir(name), path)
				if path == "" {
					file = name
				}
				target, err := os.ReadFile(file)
				if err != nil && !isDir(file) {
					t.Errorf("%s links to %s, which does not exist", name, m[1])
				}
				if anchor != "" && !slices.Contains(anchors(string(target)), anchor) {
					t.Errorf("%s links to %s, which has no such heading", name, m[1])
				}
			}
		}
	}
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// anchors returns the anchors of the headings of a Markdown file, as GitHub makes them.
func anchors(markdown string) []string {
	var found []string
	for line := range strings.Lines(markdown) {
		if text, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			text = notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), "")
			found = append(found, strings.ReplaceAll(text, " ", "-"))
		}
	}
	return found
}

var notInAnchor = regexp.MustCompile("[^a-z0-9 _-]")

// documents returns the Markdown files that readers are sent to.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../*.md", "../.github/*.md", "../benchmarks/*.md"} {
		names, err := filepath.Glob(pattern)
		must(t, err)
		all = append(all, names...)
	}
	return all
}

var (
	testNamed   = regexp.MustCompile(`\b(Test[A-Z]\w*)`)
	testDefined = regexp.MustCompile(`(?m)^func (Test[A-Z]\w*)\(t \*testing\.T\)`)
)

// Each test that the documents name exists, and each promise of the package documentation names
// one.
func TestNamedTestsExist(t *testing.T) {
	defined := []string{"TestUsers"} // of a recipe of README.md
	must(t, filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range testDefined.FindAllStringSubmatch(string(code), -1) {
			defined = append(defined, m[1])
		}
		return err
	}))
	sources, err := filepath.Glob("doc*.go")
	must(t, err)
	for _, name := range append(documents(t), sources...) {
		text, err := os.ReadFile(name)
		must(t, err)
		for _, m := range testNamed.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(defined, m[1]) {
				t.Errorf("%s names %s, which does not exist", name, m[1])
			}
		}
	}
	text, err := os.ReadFile("doc_promises.go")
	must(t, err)
	_, promises, _ := strings.Cut(string(text), "// # What is promised: ")
	promises, _, ok := strings.Cut(promises, "// # Limits")
	items := strings.Split(promises, "//   - ")
	if !ok || len(items) < 20 {
		t.Fatal("doc_promises.go has no list of what is promised")
	}
	for _, item := range items[1:] {
		if !testNamed.MatchString(item) {
			t.Errorf("nothing tests %q", item)
		}
	}
}
