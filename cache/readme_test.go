package cache_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activettl/rediscache/internal/redistest"
)

// goBlocks returns the Go code of README.md: first the program, then the recipes.
func goBlocks(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	must(t, err)
	var blocks []string
	for _, block := range strings.Split(string(readme), "```go\n")[1:] {
		code, _, _ := strings.Cut(block, "```")
		blocks = append(blocks, code)
	}
	if len(blocks) < 2 || !strings.HasPrefix(blocks[0], "package main") {
		t.Fatal("README.md does not begin with a program, and go on with recipes")
	}
	return blocks
}

// The README's program runs as it is, except for the server's address.
func TestREADMEProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program")
	}
	t.Parallel()
	server := redistest.Start(t)
	host, port, _ := strings.Cut(server.Addr(), ":")
	address := fmt.Sprintf("Host: %q, Port: %s", host, port)
	program := strings.Replace(goBlocks(t)[0], `Host: "localhost"`, address, 1)
	if !strings.Contains(program, address) {
		t.Fatal("the program does not name its server as this test expects")
	}
	file := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(file, []byte(program), 0o600))
	out, err := exec.CommandContext(ctx(t), "go", "run", file).CombinedOutput()
	if want := "{Ann} <nil>\n"; err != nil || string(out) != want {
		t.Errorf("it prints %q, %v, want %q", out, err, want)
	}
}

// recipesNeed is what the README's recipes refer to and do not show.
const recipesNeed = `package recipes

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

type (
	User    struct{ Name string }
	Session struct{ UserID int64 }
	Flag    struct{ On bool }
	Cart    struct {
		Items []string
		Note  string ` + "`json:\"note\"`" + `
	}
	database struct{}
)

func (database) User(context.Context, int64) (User, error) { return User{"Ann"}, nil }
func (database) Users(_ context.Context, ids []int64) (map[int64]User, error) {
	return map[int64]User{ids[0]: {"Ann"}}, nil
}
func (database) Rename(context.Context, int64, string) error { return nil }

var (
	db            database
	loadUser      = db.User
	id      int64 = 42
	ids           = []int64{1, 2}
	token         = "token"
	rdb           = redis.NewClient(&redis.Options{
		Addr: os.Getenv("RECIPES_REDIS"), ContextTimeoutEnabled: true,
	})
	sessions = made(cache.New[string](rdb, "sessions", codec.JSON[Session]{}, nil))
	tokens   = made(cache.New[int64](rdb, "tokens", codec.JSON[[]string]{}, nil))
	carts    = made(cache.New[int64](rdb, "carts", codec.JSON[Cart]{}, nil))

	_ = []any{time.Hour, cachetest.NewServer, ttl.Fixed, slices.Sort[[]int]}
)

func made[C any](c C, err error) C {
	if err != nil {
		panic(err)
	}
	return c
}
`

// The README's recipes run as they are, and no statement of them fails. Those that need other
// modules are left out: package otelcache tests them.
func TestREADMERecipes(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program")
	}
	t.Parallel()
	file := recipesNeed
	n := 0
	for _, recipe := range goBlocks(t)[1:] {
		switch {
		case strings.Contains(recipe, "otelcache."):
			continue
		case strings.HasPrefix(recipe, "func Test"):
			file += recipe
		default:
			file += checked(t, n, recipe)
		}
		n++
	}
	name := filepath.Join(t.TempDir(), "recipes_test.go")
	must(t, os.WriteFile(name, []byte(file), 0o600))
	cmd := exec.CommandContext(ctx(t), "go", "test", "-count=1", "-v", name)
	cmd.Env = append(os.Environ(), "RECIPES_REDIS="+redistest.Start(t).Addr())
	out, err := cmd.CombinedOutput()
	if passed := strings.Count(string(out), "--- PASS"); err != nil || passed != n {
		t.Errorf("%v, %d of %d recipes pass:\n%s", err, passed, n, out)
	}
	if want := "{Ann} <nil> 2\n"; !strings.Contains(string(out), want) {
		t.Errorf("the recipe for tests does not log %q:\n%s", want, out)
	}
}

// checked makes a test of a recipe. Each statement that sets err is followed by a check of it, and
// each variable is used.
func checked(t *testing.T, n int, recipe string) string {
	t.Helper()
	const head = "package p\nfunc f() {\n"
	files := gotoken.NewFileSet()
	file, err := parser.ParseFile(files, "", head+recipe+"}", 0)
	must(t, err)
	at := func(p gotoken.Pos) int { return files.Position(p).Offset - len(head) }
	var b strings.Builder
	fmt.Fprintf(&b, "\nfunc TestRecipe%d(t *testing.T) {\n\tctx := t.Context()\n", n)
	for _, stmt := range file.Decls[0].(*ast.FuncDecl).Body.List {
		b.WriteString(recipe[at(stmt.Pos()):at(stmt.End())] + "\n")
		assign, ok := stmt.(*ast.AssignStmt)
		if !ok {
			continue
		}
		for _, left := range assign.Lhs {
			switch name := left.(*ast.Ident).Name; name {
			case "_":
			case "err":
				fmt.Fprintf(&b, "if err != nil { t.Fatal(%d, err) }\n", n)
			default:
				fmt.Fprintf(&b, "_ = %s\n", name)
			}
		}
	}
	return b.String() + "_ = ctx\n}\n"
}
