package redistest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const (
	envServer   = "REDIS_SERVER"   // path of the binary
	envRequired = "REDIS_REQUIRED" // a missing binary is a failure
)

const missing = "redis-server not found: install it (apt-get install redis-server) or name " +
	"one in " + envServer

// binary returns the path of redis-server, or skips or fails the test.
func binary(tb testing.TB) string {
	tb.Helper()
	path, err := findBinary()
	switch {
	case err == nil:
		return path
	case required() || os.Getenv(envServer) != "":
		// Whoever names a binary wants it to be used. A skip would hide a wrong path.
		tb.Fatalf("redistest: %s: %v", missing, err)
	default:
		warnOnce(fmt.Sprintf("SKIP: %s; %s=1 makes this a failure", missing, envRequired))
		tb.Skipf("SKIP: %s", missing)
	}
	return ""
}

func findBinary() (string, error) {
	if path := os.Getenv(envServer); path != "" {
		return exec.LookPath(path)
	}
	return exec.LookPath("redis-server")
}

// required takes every value except 0, false, no and the empty one as yes. REDIS_REQUIRED=true in a
// CI file must not skip silently.
func required() bool {
	switch os.Getenv(envRequired) {
	case "", "0", "false", "no":
		return false
	}
	return true
}

// haveShards reports whether the nodes of a cluster have shard ids: those of Valkey, and of Redis
// from 7.2 on.
func haveShards(path string) (bool, error) {
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return false, fmt.Errorf("%s --version: %w", path, err)
	}
	var major, minor int
	_, version, _ := strings.Cut(string(out), " v=")
	_, err = fmt.Sscanf(version, "%d.%d", &major, &minor)
	return major > 7 || major == 7 && minor >= 2, err
}

var warned sync.Once

// warnOnce writes to stderr, because go test shows the message of a skip only with -v.
func warnOnce(msg string) {
	warned.Do(func() { fmt.Fprintln(os.Stderr, msg) })
}

var errNoMain = errors.New("no TestMain: write func TestMain(m *testing.M) { redistest.Main(m) }")
