package redistest

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestServerOutlivesThread starts a server from a goroutine whose thread ends with it.
func TestServerOutlivesThread(t *testing.T) {
	path := binary(t)
	var s *Server
	var err error
	tid := dyingThread(func() { s, err = launch(setup{path: path}) })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	for end := time.Now().Add(startLimit); ; time.Sleep(pollEvery) {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", tid)); err != nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("thread %d does not end", tid)
		}
	}
	// The kernel sends the signal before the thread is gone. Dying may take the process a moment.
	select {
	case <-s.process().exited:
		t.Errorf("the server died with the thread: %v", s.process().cmd.ProcessState)
	case <-time.After(50 * time.Millisecond):
	}
}

// dyingThread runs fn on a thread that ends afterwards, and returns that thread's id. The runtime
// never ends the main thread. A goroutine that runs on it keeps it busy, and another one is tried.
func dyingThread(fn func()) (tid int) {
	tids, release := make(chan int), make(chan struct{})
	defer close(release)
	attempt := func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if tid := syscall.Gettid(); tid != os.Getpid() {
			fn()
			tids <- tid
			return
		}
		tids <- 0
		<-release
	}
	for tid == 0 {
		go attempt()
		tid = <-tids
	}
	return tid
}
