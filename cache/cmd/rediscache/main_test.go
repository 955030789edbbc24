package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// envTool makes the test binary run as the tool, so that the race detector covers the tool.
// TestBuilt runs the tool that go build makes.
const envTool = "REDISCACHE_TEST_TOOL"

func TestMain(m *testing.M) {
	if os.Getenv(envTool) != "" {
		main()
	}
	redistest.Main(m)
}

// place is a Redis, with the environment that names it to the tool.
type place struct {
	kind   string
	env    map[string]string
	client redis.UniversalClient
}

// each runs a test on a server, on a cluster and on a primary behind Sentinels.
func each(t *testing.T, fn func(t *testing.T, p place)) {
	t.Run("server", func(t *testing.T) {
		s := redistest.Standalone(t)
		fn(t, at(t, s))
	})
	t.Run("cluster", func(t *testing.T) {
		c := redistest.Cluster(t)
		fn(t, place{"cluster", map[string]string{"REDIS_ADDRS": c.Addrs()[0]}, c.Client(t)})
	})
	t.Run("sentinel", func(t *testing.T) {
		if testing.Short() {
			t.Skip("Sentinels take seconds to start")
		}
		g := redistest.Sentinel(t)
		fn(t, place{"sentinel", map[string]string{"REDIS_ADDRS": strings.Join(g.Addrs(), ","),
			"REDIS_MASTER_NAME": "primary"}, g.Client(t)})
	})
}

func at(t *testing.T, s *redistest.Server) place {
	return place{"server", environ(t, s.Addr()), s.Client(t)}
}

func environ(t *testing.T, addr string) map[string]string {
	host, port, err := net.SplitHostPort(addr)
	must(t, err)
	return map[string]string{"REDIS_HOST": host, "REDIS_PORT": port}
}

// result is the outcome of a run of the tool.
type result struct {
	out, err string
	code     int
}

// limit ends a run that hangs. It is far longer than any run.
const limit = time.Minute

// toolCmd returns a run of the tool. Its stdin is not a terminal.
func toolCmd(t *testing.T, env map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "REDIS_") && !strings.HasPrefix(v, "GOCOVERDIR") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	// Otherwise the race detector waits for a second before the exit.
	cmd.Env = append(cmd.Env, envTool+"=1", "GORACE=atexit_sleep_ms=0")
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func (p place) run(t *testing.T, args ...string) result {
	t.Helper()
	return p.pipe(t, "", args...)
}

// pipe is run with a text on stdin.
func (p place) pipe(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	cmd := toolCmd(t, p.env, args...)
	var out, err bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = io.MultiReader(strings.NewReader(stdin)), &out, &err
	failed := cmd.Run()
	if exit := (*exec.ExitError)(nil); failed != nil && !errors.As(failed, &exit) {
		t.Fatal(failed)
	}
	return result{out.String(), err.String(), cmd.ProcessState.ExitCode()}
}

// with returns the place with more of the environment.
func (p place) with(name, value string) place {
	env := map[string]string{name: value}
	for n, v := range p.env {
		if _, ok := env[n]; !ok {
			env[n] = v
		}
	}
	p.env = env
	return p
}

// want checks that a run succeeds with this stdout and nothing on stderr.
func (p place) want(t *testing.T, out string, args ...string) {
	t.Helper()
	if got := p.run(t, args...); got != (result{out, "", exitOK}) {
		t.Errorf("%q: got\n%s%sand %d, want\n%s", args, got.out, got.err, got.code, out)
	}
}

// refuses checks that a run fails with this one line on stderr.
func (p place) refuses(t *testing.T, code int, line string, args ...string) {
	t.Helper()
	if got := p.run(t, args...); got != (result{"", line + "\n", code}) {
		t.Errorf("%q: got %q, %q and %d, want %q and %d", args, got.out, got.err, got.code, line,
			code)
	}
}

// name returns the name of a new cache, whose keys are checked and removed at the end.
func (p place) name(t *testing.T) (name string, check *redistest.KeyCheck) {
	name = redistest.UniqueName(t)
	return name, redistest.CheckKeys(t, p.client, name)
}

// records returns a cache of bytes, as a program would make it.
func (p place) records(
	t *testing.T, name string, policy ttl.Policy,
) *cache.Cache[string, []byte] {
	t.Helper()
	c, err := cache.New[string](p.client, name, codec.Bytes{}, &cache.Options{
		TTL: policy, MaxValueBytes: 64 << 20,
	})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
