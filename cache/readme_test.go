package cache_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/activettl/rediscache/internal/redistest"
)

// The README's program runs as it stands there, but for the server's address.
func TestREADMEProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program")
	}
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	must(t, err)
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	program, _, ok := strings.Cut(rest, "```")
	if !ok || !strings.HasPrefix(program, "package main") {
		t.Fatal("the README does not begin with a program")
	}
	server := redistest.Start(t)
	program = strings.Replace(program, "localhost:6379", server.Addr(), 1)
	file := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(file, []byte(program), 0o600))
	out, err := exec.CommandContext(ctx(t), "go", "run", file).CombinedOutput()
	if want := "{Ann} <nil>\n"; err != nil || string(out) != want {
		t.Errorf("it prints %q, %v, want %q", out, err, want)
	}
	if !strings.Contains(program, server.Addr()) {
		t.Error("the program did not use the test's server")
	}
}

var (
	testNamed   = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	testInDocs  = regexp.MustCompile(`\b(Test[A-Z]\w*)`)
	testDefined = regexp.MustCompile(`(?m)^func (Test[A-Z]\w*)\(t \*testing\.T\)`)
)

// Each test that the documents name is there, and each line of what is promised names one.
func TestNamedTestsExist(t *testing.T) {
	defined := map[string]bool{}
	must(t, filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range testDefined.FindAllStringSubmatch(string(code), -1) {
			defined[m[1]] = true
		}
		return err
	}))
	for name, named := range map[string]*regexp.Regexp{
		"README.md": testNamed, ".github/SECURITY.md": testNamed, "cache/doc.go": testInDocs,
	} {
		text, err := os.ReadFile(filepath.Join("..", name))
		must(t, err)
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !defined[m[1]] {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
	readme, err := os.ReadFile("../README.md")
	must(t, err)
	_, promised, _ := strings.Cut(string(readme), "\n## What is promised\n")
	promised, _, _ = strings.Cut(promised, "\n## ")
	_, rows, ok := strings.Cut(promised, "|---|---|---|\n")
	if !ok {
		t.Fatal("README.md has no table of what is promised")
	}
	for row := range strings.Lines(strings.TrimSpace(rows)) {
		if !testNamed.MatchString(row) {
			t.Errorf("nothing tests %q", row)
		}
	}
}
