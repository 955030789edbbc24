package staleness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// envReader is the environment variable that makes TestReader the second process. Its value is the
// address of the server.
const envReader = "REDISCACHE_STALENESS_READER"

// TestReader is a helper process, not a test. It reads until its input ends, and prints what it
// saw.
func TestReader(t *testing.T) {
	addr := os.Getenv(envReader)
	if addr == "" {
		t.Skip("only for a process of TestStaleness")
	}
	rdb := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	defer rdb.Close()
	u, err := newUsers(rdb, name, bound)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	stop := read(u, rdb)
	for u.Stats().Near.Hits == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println(reads)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	told, err := json.Marshal(stop())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s\n", told)
}

// reads is what the second process prints when it reads from memory.
const reads = "reads"

var processFaults = []fault{
	{name: "reader stopped and resumed", does: func(r *run) { r.stopped(lasting()) }},
	{name: "reader stopped and resumed repeatedly", does: func(r *run) {
		r.stopped(60*time.Millisecond, 150*time.Millisecond, 390*time.Millisecond,
			500*time.Millisecond, 1300*time.Millisecond)
	}},
}

// stopped stops the readers' process for each of some durations.
func (r *run) stopped(times ...time.Duration) {
	s := redistest.Start(r)
	rdb := s.Client(r, once)
	r.write(to(rdb, 0))
	child := exec.Command(os.Args[0], "-test.run=^TestReader$", "-test.count=1", "-test.timeout=2m")
	child.Env = append(os.Environ(), envReader+"="+s.Addr())
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	r.must(err)
	out, err := child.StdoutPipe()
	r.must(err)
	r.must(child.Start())
	r.Cleanup(func() { _, _ = child.Process.Kill(), child.Wait() })
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() && lines.Text() != reads {
	}
	time.Sleep(before)
	r.begin()
	for _, d := range times {
		r.must(child.Process.Signal(syscall.SIGSTOP))
		time.Sleep(d)
		r.must(child.Process.Signal(syscall.SIGCONT))
		if len(times) > 1 {
			time.Sleep(100 * time.Millisecond)
		}
	}
	r.end()
	_ = in.Close()
	var got seen
	if !lines.Scan() {
		r.Fatal("the reader has ended")
	}
	r.must(json.Unmarshal(lines.Bytes(), &got))
	r.stopRead = func() *seen { return &got }
	r.users, err = newUsers(rdb, name, bound) // for do, which closes it
	r.must(err)
}
