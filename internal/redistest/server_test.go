package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestStart(t *testing.T) {
	var s *Server
	t.Run("lives", func(t *testing.T) {
		s = Start(t, "--maxmemory", "7mb")
		rdb := s.Client(t)
		if got := rdb.ConfigGet(t.Context(), "maxmemory").Val()["maxmemory"]; got != "7340032" {
			t.Errorf("maxmemory = %q, want 7 MiB", got)
		}
		if got := rdb.ConfigGet(t.Context(), "bind").Val()["bind"]; got != "127.0.0.1" {
			t.Errorf("bind = %q, want loopback alone", got)
		}
		if got := rdb.ConfigGet(t.Context(), "save").Val()["save"]; got != "" {
			t.Errorf("save = %q, want none", got)
		}
	})
	if s == nil {
		t.Skip("no server")
	}
	// This asks the system for the pid, because the Process of the command knows only what Wait has
	// seen.
	gone, err := os.FindProcess(s.process().cmd.Process.Pid)
	if err == nil {
		err = gone.Signal(syscall.Signal(0))
	}
	if err == nil {
		t.Error("the process lives after the test")
	}
	if !refuses(s.Addr()) {
		t.Errorf("%s still accepts connections", s.Addr())
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory after the test: %v, want none", err)
	}
	s.Stop() // a second time
}

func TestClientIsClosed(t *testing.T) {
	s := Standalone(t)
	var rdb *redis.Client
	failing(t, func(tb testing.TB) { rdb = s.Client(tb) })
	if err := rdb.Ping(t.Context()).Err(); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("Ping after the test: %v, want ErrClosed", err)
	}
}

func TestStandaloneIsShared(t *testing.T) {
	if a, b := Standalone(t), Standalone(t); a != b {
		t.Errorf("two servers: %s and %s", a.Addr(), b.Addr())
	}
}

func TestStartReportsLog(t *testing.T) {
	binary(t)
	f := failing(t, func(tb testing.TB) { Start(tb, "--no-such-directive", "1") })
	if got := strings.Join(f.messages, "\n"); !f.stopped ||
		!strings.Contains(got, "no-such-directive") {
		t.Errorf("Start with a bad directive: stopped %v, says %q", f.stopped, got)
	}
}

func TestDeadServerIsNamed(t *testing.T) {
	s := Start(t)
	s.Stop()
	f := failing(t, func(tb testing.TB) { s.Client(tb) })
	if got := strings.Join(f.messages, "\n"); !f.stopped ||
		!strings.Contains(got, s.Addr()+" is gone") {
		t.Errorf("client of a dead server: stopped %v, says %q", f.stopped, got)
	}
}

func TestTakenPort(t *testing.T) {
	path := binary(t)
	port := func(a net.Addr) int { return a.(*net.TCPAddr).Port }

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := startOn(port(l.Addr()), setup{path: path}); !errors.Is(err, errPortTaken) {
		t.Errorf("on a listener's port: %v, want errPortTaken", err)
	}

	other, err := net.ResolveTCPAddr("tcp", Start(t).Addr())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := startOn(port(other), setup{path: path}); !errors.Is(err, errPortTaken) {
		t.Errorf("on another redis-server's port: %v, want errPortTaken", err)
	}
}

func TestChildHangs(t *testing.T) {
	onlyAsChild(t)
	fmt.Println("addr:", Start(t).Addr())
	select {}
}

func TestKilledBinary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a parent-death signal")
	}
	binary(t)
	cmd := childCommand(t, "TestChildHangs")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var addr string
	for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
		if found := addrs(lines.Text()); len(found) == 1 {
			addr = found[0]
		}
	}
	if addr == "" || refuses(addr) {
		t.Errorf("no server at %q", addr)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	becomesRefused(t, addr)
}

func TestChildBinary(t *testing.T) {
	onlyAsChild(t)
	fmt.Println("addr:", Start(t).Addr())
}

func TestMissingBinary(t *testing.T) {
	path := binary(t)
	for _, tt := range []struct {
		name  string
		env   []string
		fails bool
		says  string
	}{
		{"laptop", []string{"PATH=", "REDIS_SERVER=", "REDIS_REQUIRED="}, false,
			"SKIP: redis-server not found: install it (apt-get install redis-server)"},
		{"explicit no", []string{"PATH=", "REDIS_SERVER=", "REDIS_REQUIRED=0"}, false,
			"SKIP: redis-server not found"},
		{"required", []string{"PATH=", "REDIS_SERVER=", "REDIS_REQUIRED=1"}, true,
			"FAIL: TestChildBinary"},
		{"named wrongly", []string{"REDIS_SERVER=/no/such/server", "REDIS_REQUIRED="}, true,
			"/no/such/server"},
		{"named rightly", []string{"PATH=", "REDIS_SERVER=" + path, "REDIS_REQUIRED=1"}, false,
			path + " is "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := child(t, "TestChildBinary", tt.env...)
			if (err != nil) != tt.fails || !strings.Contains(out, tt.says) {
				t.Errorf("child: %v, want failure %v and %q in:\n%s", err, tt.fails, tt.says, out)
			}
		})
	}
}
