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

// Main runs the tests of a package, stops every server that was started, and exits. The run fails
// if a goroutine is left over. If a test fails, Main shows the end of what go-redis has logged.
// Call it at the end of TestMain: the other functions of this package fail without it, because
// nothing else stops the shared servers.
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

// spareTheCollector raises GOGC to 400, because miniredis allocates 0.5 MB for each script. It
// leaves GOGC alone in benchmarks, which measure the collector too, and if GOGC is set.
func spareTheCollector() {
	flag.Parse()
	if os.Getenv("GOGC") == "" && flag.Lookup("test.bench").Value.String() == "" {
		debug.SetGCPercent(400)
	}
}

// leakPatience is how long goroutines have to end after the last test. If a server does not answer
// while the pool of a go-redis client is closed, the pool sleeps for 1 s before it notices.
const leakPatience = 3 * time.Second

// servers are the running servers of this test binary.
var servers registry

// registry knows which servers to stop at the end, and owns the forker. The zero value is closed.
// Safe for concurrent use.
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

// start starts a process of s under the lock, so that close does not miss a server that is just
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

// close stops every server and then the forker. The kernel kills servers that still run when the
// forker's thread ends. A second call does nothing.
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
