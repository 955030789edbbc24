package redistest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Server is one redis-server. Safe for concurrent use.
type Server struct {
	setup
	addr string
	dir  string // working directory and log, removed by Stop
	info serverInfo

	mu      sync.Mutex // held while a process starts or ends
	proc    *process   // the last one that was started
	stopped bool       // for good
}

// Start starts a standalone server of the test's own and stops it at the test's end. args are
// further directives of redis.conf, written as flags: "--maxmemory", "1mb". It takes about 15 ms.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	path := binary(tb)
	s, err := launch(setup{path: path, args: args})
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	tb.Cleanup(s.Stop)
	logVersion(tb, path, s)
	return s
}

// Standalone returns the server that all tests of the binary share. The first call starts it,
// [Main] stops it. Tests keep out of each other's way by [UniqueName]; one that counts commands on
// the server must not run in parallel with others.
func Standalone(tb testing.TB) *Server {
	tb.Helper()
	path := binary(tb)
	s, err := standalone.get(func() (*Server, error) { return launch(setup{path: path}) })
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	s.mustRun(tb)
	logVersion(tb, path, s)
	return s
}

var standalone lazy[*Server]

// lazy is a sync.OnceValues whose function comes with the call, since it depends on the test that
// happens to be first.
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

// Client returns a new client of the server, closed at the test's end. Each tweak may change the
// options.
func (s *Server) Client(tb testing.TB, tweak ...func(*redis.UniversalOptions)) *redis.Client {
	tb.Helper()
	s.mustRun(tb)
	c := redis.NewClient(s.options(tweak).Simple())
	tb.Cleanup(func() { _ = c.Close() }) // a test may have closed it already
	return c
}

// mustRun names the true culprit when a shared server has died under an earlier test.
func (s *Server) mustRun(tb testing.TB) {
	tb.Helper()
	if p := s.process(); p.ended() {
		tb.Fatalf("redistest: the server at %s is gone: %v\n%s", s.addr, p.cmd.ProcessState,
			s.log())
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

// failed says what went wrong with a server, with the end of its log.
func (s *Server) failed(err error) error { return fmt.Errorf("%s: %w\n%s", s.addr, err, s.log()) }

var versionLogged sync.Once

func logVersion(tb testing.TB, path string, s *Server) {
	tb.Helper()
	versionLogged.Do(func() { tb.Logf("redistest: %s is %s", path, s.info.version) })
}

// background is for work that must outlive the test's context, which is cancelled before cleanups
// run.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startLimit)
}
