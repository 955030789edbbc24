package cache_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// process is a second process with a cache of the same name: the test binary again,
// which does what it is told on its standard input.
type process struct {
	t     *testing.T
	in    io.Writer
	lines *bufio.Scanner
}

const (
	envProcess = "REDISCACHE_TEST_PROCESS" // address, policy and name of the cache
	ready      = "ready"
)

func startProcess(t *testing.T, s *redistest.Server, policy, name string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNearCacheProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(),
		envProcess+"="+strings.Join([]string{s.Addr(), policy, name}, "|"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	})
	p := &process{t, in, bufio.NewScanner(out)}
	p.answers(ready)
	return p
}

// does lets the process do something to record 1.
func (p *process) does(what, name string) {
	p.t.Helper()
	p.wants(what, "<nil>", name)
}

func (p *process) wants(what, answer string, args ...string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, what, strings.Join(args, " ")); err != nil {
		p.t.Fatal(err)
	}
	p.answers(answer)
}

func (p *process) answers(want string) {
	p.t.Helper()
	if !p.lines.Scan() || p.lines.Text() != want {
		p.t.Fatalf("the other process says %q, %v, want %q", p.lines.Text(), p.lines.Err(), want)
	}
}

// TestNearCacheProcess is the other process, and no test.
func TestNearCacheProcess(t *testing.T) {
	env := os.Getenv(envProcess)
	if env == "" {
		t.Skip("it is for the tests of the near cache")
	}
	addr, rest, _ := strings.Cut(env, "|")
	policy, name, _ := strings.Cut(rest, "|")
	o := &redis.Options{Addr: addr, DisableIdentity: true}
	nearCached(o)
	rdb := redis.NewClient(o)
	defer rdb.Close()
	p := nearPolicies[policy]
	u := mustNew[int64](t, rdb, name, jsonUsers, p.o)
	fmt.Println(ready)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		what, arg, _ := strings.Cut(lines.Text(), " ")
		var err error
		switch ctx := context.Background(); what {
		case "get":
			var got User
			if got, err = u.Get(ctx, 1); err == nil {
				fmt.Println(got.Name)
				continue
			}
		case "set":
			err = u.Set(ctx, 1, User{Name: arg}, p.own...)
		case "update":
			err = u.Update(ctx, 1, User{Name: arg})
		case "field":
			err = u.UpdateField(ctx, 1, "name", arg)
		case "delete":
			err = u.Delete(ctx, 1)
		}
		fmt.Println(err)
	}
}
