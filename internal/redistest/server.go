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

// Start starts a standalone server for this test and stops it at the test's end. args are further
// directives of redis.conf, written as flags: "--maxmemory", "1mb". It takes about 15 ms.
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
// [Main] stops it. Use [UniqueName], so that tests do not disturb each other. A test that counts
// commands on the server must not run in parallel with others.
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

// lazy is a sync.OnceValues whose function is given with the call, because it depends on which test
// is first.
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

// mustRun fails the test, with the end of the server's log, if the server has died during an
// earlier test.
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

// failed adds the server's address and the end of its log to an error.
func (s *Server) failed(err error) error { return fmt.Errorf("%s: %w\n%s", s.addr, err, s.log()) }

var versionLogged sync.Once

func logVersion(tb testing.TB, path string, s *Server) {
	tb.Helper()
	versionLogged.Do(func() { tb.Logf("redistest: %s is %s", path, s.info.version) })
}

// background returns a context for work in cleanups: the test's context is cancelled before they
// run.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startLimit)
}
