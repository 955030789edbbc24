package otelcache_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The recipe of the library's README with this package compiles and runs as it is.
func TestREADMERecipe(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(readme), "otelcache.New(")
	before = before[strings.LastIndex(before, "```go\n")+len("```go\n"):]
	after, _, _ = strings.Cut(after, "```")
	file := `package recipe

import (
	"log/slog"
	"testing"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/otelcache"
	"github.com/activettl/rediscache/ttl"
)

func TestRecipe(t *testing.T) {
` + before + "otelcache.New(" + after + `
	if err != nil || opts.Hook == nil {
		t.Error(err)
	}
	rdb.Close()
}
`
	name := filepath.Join(t.TempDir(), "recipe_test.go")
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v",
		name).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestRecipe") {
		t.Errorf("%v\n%s", err, out)
	}
}
