package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestHelp(t *testing.T) {
	p := place{}
	overview := p.run(t).out
	p.want(t, overview, "help")
	p.want(t, overview, "--help")
	doc, err := os.ReadFile("doc.go")
	must(t, err)
	for _, c := range commands() {
		if !strings.Contains(overview, "  "+c.name+" ") {
			t.Errorf("the overview has no %s", c.name)
		}
		if !strings.Contains(string(doc), "\trediscache "+c.name) {
			t.Errorf("doc.go has no example of %s", c.name)
		}
		help := p.run(t, "help", c.name)
		p.want(t, help.out, c.name, "-h")
		if help.code != 0 || !strings.Contains(help.out, "\n  rediscache "+c.name) ||
			!strings.Contains(help.out, "JSON: ") {
			t.Errorf("help %s: %+v", c.name, help)
		}
		for line := range strings.Lines(help.out + overview) {
			if n := utf8.RuneCountInString(line); n > 81 { // with the line end
				t.Errorf("help %s has a line of %d: %s", c.name, n, line)
			}
		}
		for _, example := range c.examples {
			if !strings.HasPrefix(example, "rediscache "+c.name+" ") &&
				example != "rediscache "+c.name {
				t.Errorf("an example of %s is of another command: %s", c.name, example)
			}
		}
	}
}

// The examples use flags of their commands.
func TestExamples(t *testing.T) {
	for _, c := range commands() {
		fs := new(session).flagSet(c, c.make())
		for _, example := range c.examples {
			for _, m := range regexp.MustCompile(` -([a-z-]+)`).FindAllStringSubmatch(example, -1) {
				if fs.Lookup(m[1]) == nil && !strings.Contains(example, "| wc "+m[0][1:]) {
					t.Errorf("%s: there is no flag -%s", example, m[1])
				}
			}
		}
	}
}

// The tool also works as a user has it: built, and run from another folder.
func TestBuilt(t *testing.T) {
	t.Parallel()
	s := redistest.Standalone(t)
	p := at(t, s)
	name, _ := p.name(t)
	must(t, p.client.Set(t.Context(), name+":k", "x", time.Minute).Err())
	path := filepath.Join(t.TempDir(), "rediscache")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	run := func(args ...string) (string, int) {
		cmd := toolCmd(t, p.env, args...)
		cmd.Path, cmd.Dir = path, t.TempDir()
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	version := regexp.MustCompile(`^rediscache \S+( [0-9a-f]+)? go1\.\S+\n$`)
	if out, code := run("-version"); code != 0 || !version.MatchString(out) {
		t.Errorf("-version: %q and %d", out, code)
	}
	if out, code := run("get", name, "k"); out != "x\n" || code != 0 {
		t.Errorf("get: %q and %d", out, code)
	}
	if out, code := run("get", name, "no"); out != "rediscache get "+name+
		" no: record not found\n" || code != exitNotFound {
		t.Errorf("get: %q and %d", out, code)
	}
}
