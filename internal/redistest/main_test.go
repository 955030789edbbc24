package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/parallel"
)

// Tests that call t.Parallel mostly wait for servers to start.
func TestMain(m *testing.M) {
	parallel.Default(8)
	Main(m)
}

// child runs one test of this binary in another process, where it may fail, and returns its output.
func child(t *testing.T, test string, env ...string) (out string, err error) {
	t.Helper()
	var b bytes.Buffer
	cmd := childCommand(t, test, env...)
	cmd.Stdout, cmd.Stderr = &b, &b
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return b.String(), err
}

const envChild = "REDISTEST_CHILD"

func childCommand(t *testing.T, test string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.count=1",
		"-test.run=^"+test+"$")
	// a killed child leaves its files
	cmd.Env = append(os.Environ(),
		append(env, envChild+"=1", envTopologies+"=", "TMPDIR="+t.TempDir())...)
	return cmd
}

// onlyAsChild skips a test that is only the subject of another one, except in a child process.
func onlyAsChild(t *testing.T) {
	t.Helper()
	if os.Getenv(envChild) == "" {
		t.Skip("runs as the child of another test")
	}
}

// addrs returns what a child printed after "addr: ".
func addrs(out string) (found []string) {
	for line := range strings.Lines(out) {
		if _, addr, ok := strings.Cut(line, "addr: "); ok {
			found = append(found, strings.TrimSpace(addr))
		}
	}
	return found
}

func refuses(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err != nil
}

// becomesRefused waits until the kernel has ended a process, so that its address refuses
// connections.
func becomesRefused(t *testing.T, addr string) {
	t.Helper()
	for end := time.Now().Add(startLimit); !refuses(addr); time.Sleep(pollEvery) {
		if time.Now().After(end) {
			t.Fatalf("%s still accepts connections", addr)
		}
	}
}

func TestChildShared(t *testing.T) {
	onlyAsChild(t)
	g := Sentinel(t)
	addrs := append(Cluster(t).Addrs(), Standalone(t).Addr(), Secure(t).Addr())
	for _, s := range slices.Concat(g.data, g.sentinels) {
		addrs = append(addrs, s.Addr())
	}
	for _, addr := range addrs {
		fmt.Println("addr:", addr)
		if refuses(addr) {
			t.Errorf("%s refuses connections", addr)
		}
	}
	if os.Getenv("PANIC") != "" {
		panic("on purpose")
	}
	if os.Getenv("FAIL") != "" {
		t.Fatal("on purpose")
	}
}

func TestMainStopsSharedServers(t *testing.T) {
	binary(t)
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	for _, tt := range []struct {
		name, env string
		fails     bool
	}{{"pass", "PASS=1", false}, {"fail", "FAIL=1", true}, {"panic", "PANIC=1", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := child(t, "TestChildShared", tt.env)
			if (err != nil) != tt.fails {
				t.Fatalf("child: %v\n%s", err, out)
			}
			found := addrs(out)
			if want := primaries + 2 + 1 + replicas + sentinels; len(found) != want {
				t.Fatalf("child started %d servers, want %d\n%s", len(found), want, out)
			}
			for _, addr := range found {
				if tt.name == "panic" {
					becomesRefused(t, addr) // the kernel kills them, a moment after the parent
				} else if !refuses(addr) {
					t.Errorf("%s still accepts connections", addr)
				}
			}
		})
	}
}

func TestChildLeak(t *testing.T) {
	onlyAsChild(t)
	go func() { select {} }()
}

func TestMainFindsLeak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	out, err := child(t, "TestChildLeak")
	if err == nil || !strings.Contains(out, "unexpected goroutines") {
		t.Errorf("child with a leaked goroutine: %v\n%s", err, out)
	}
}

func TestClosedRegistry(t *testing.T) {
	var r registry
	if err := r.start(&Server{}, nil); !errors.Is(err, errNoMain) {
		t.Errorf("start before Main: %v, want errNoMain", err)
	}
}
