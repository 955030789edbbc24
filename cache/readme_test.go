package cache_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activettl/rediscache/internal/redistest"
)

// The README's program runs as it stands there, but for the server's address.
func TestREADMEProgram(t *testing.T) {
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
	if want := "<nil>\n{Ann} <nil>\n"; err != nil || string(out) != want {
		t.Errorf("it prints %q, %v, want %q", out, err, want)
	}
	if !strings.Contains(program, server.Addr()) {
		t.Error("the program did not use the test's server")
	}
}
