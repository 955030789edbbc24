package redistest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Main runs the tests of a package, stops every server that was started, then fails the run if a
// goroutine is left over, and exits. It keeps what go-redis logs, and shows the end of it if a test
// fails. It is the whole body of a TestMain; the other functions of this package refuse to work
// without it, because nobody else would stop the shared servers.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	spareTheCollector()
	surviveFullDisk()
	collectLog()
	servers.open()
	// Deferred because m.Run may panic or call runtime.Goexit on this goroutine.
	defer servers.close()
	code = m.Run()
	servers.close()
	if code != 0 {
		clientLog.show(os.Stderr)
		return code // a failed test leaves goroutines, and its message matters more
	}
	err := goleak.Find()
	for end := time.Now().Add(leakPatience); err != nil && time.Now().Before(end); {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "redistest: %v\n", err)
		return 1
	}
	return 0
}

// spareTheCollector lets the garbage of tests grow: miniredis makes much of it, half a megabyte for
// each script. Benchmarks measure the collector too, and GOGC is for whoever wants it otherwise.
func spareTheCollector() {
	flag.Parse()
	if os.Getenv("GOGC") == "" && flag.Lookup("test.bench").Value.String() == "" {
		debug.SetGCPercent(400)
	}
}

// leakPatience is how long goroutines have to end after the last test. If a server does not answer
// when the pool of a go-redis client is closed, the pool sleeps for a second before it notices.
const leakPatience = 3 * time.Second

// servers are the live servers of this test binary.
var servers registry

// registry knows what must be stopped at the end and owns the goroutine that forks. The zero value
// is closed. Safe for concurrent use.
type registry struct {
	mu     sync.Mutex
	isOpen bool
	live   map[*Server]struct{}
	forker *forker
}

func (r *registry) open() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isOpen, r.live, r.forker = true, map[*Server]struct{}{}, newForker()
}

// start starts a process of s under the lock, so that close never misses a server that is just
// being forked.
func (r *registry) start(s *Server, cmd *exec.Cmd) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isOpen {
		return errNoMain
	}
	if err := r.forker.start(cmd); err != nil {
		return err
	}
	r.live[s] = struct{}{}
	return nil
}

func (r *registry) remove(s *Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.live, s)
}

// close stops every server and then the forker: the servers die with the forker's thread, so the
// order is the difference between a stop and a crash. Calling it twice does nothing.
func (r *registry) close() {
	r.mu.Lock()
	if !r.isOpen {
		r.mu.Unlock()
		return
	}
	r.isOpen = false
	live := make([]*Server, 0, len(r.live))
	for s := range r.live {
		live = append(live, s)
	}
	forker := r.forker
	r.mu.Unlock()
	for _, s := range live {
		s.Stop()
	}
	forker.stop()
}
