package redistest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Server is one running redis-server process. Safe for concurrent use.
type Server struct {
	addr string
	dir  string // working directory and log, removed by Stop
	info serverInfo
	cmd  *exec.Cmd

	stop   sync.Once
	exited chan struct{} // closed when the process is gone and reaped
}

// Start starts a standalone server of the test's own and stops it at the test's end. args are further directives of
// redis.conf, written as flags: "--maxmemory", "1mb". It takes about 15 ms.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	path := binary(tb)
	s, err := launch(path, args)
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	tb.Cleanup(s.Stop)
	logVersion(tb, path, s)
	return s
}

// Standalone returns the server that all tests of the binary share. The first call starts it, [Main] stops it. Tests keep
// out of each other's way by [UniqueName]; one that counts commands on the server must not run in parallel with others.
func Standalone(tb testing.TB) *Server {
	tb.Helper()
	path := binary(tb)
	s, err := standalone.get(func() (*Server, error) { return launch(path, nil) })
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	s.mustRun(tb)
	logVersion(tb, path, s)
	return s
}

var standalone lazy[*Server]

// lazy is a sync.OnceValues whose function comes with the call, since it depends on the test that happens to be first.
type lazy[T any] struct {
	once sync.Once
	v    T
	err  error
}

func (l *lazy[T]) get(fn func() (T, error)) (T, error) {
	l.once.Do(func() { l.v, l.err = fn() })
	return l.v, l.err
}

// Addr returns the server's address, "127.0.0.1:port".
func (s *Server) Addr() string { return s.addr }

// Client returns a new client of the server, closed at the test's end. Each tweak may change the options.
func (s *Server) Client(tb testing.TB, tweak ...func(*redis.UniversalOptions)) *redis.Client {
	tb.Helper()
	s.mustRun(tb)
	c := redis.NewClient(options(tweak, s.addr).Simple())
	tb.Cleanup(func() { _ = c.Close() }) // a test may have closed it already
	return c
}

// Stop kills the process, waits until it is gone, and removes its files. Calling it twice does nothing.
func (s *Server) Stop() {
	s.stop.Do(func() {
		_ = s.cmd.Process.Kill() // fails only if the process has ended already
		<-s.exited
		servers.remove(s)
		_ = os.RemoveAll(s.dir)
	})
}

// mustRun names the true culprit when a shared server has died under an earlier test.
func (s *Server) mustRun(tb testing.TB) {
	tb.Helper()
	select {
	case <-s.exited:
		tb.Fatalf("redistest: the server at %s is gone: %v\n%s", s.addr, s.cmd.ProcessState, s.log())
	default:
	}
}

// log returns the end of the server's log, for failure messages.
func (s *Server) log() string {
	const limit = 4096
	b, err := os.ReadFile(filepath.Join(s.dir, logName))
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	return string(b[max(0, len(b)-limit):])
}

var versionLogged sync.Once

func logVersion(tb testing.TB, path string, s *Server) {
	tb.Helper()
	versionLogged.Do(func() { tb.Logf("redistest: %s is %s", path, s.info.version) })
}

// background is for work that must outlive the test's context, which is cancelled before cleanups run.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startLimit)
}
