package redistest

import (
	"os/exec"
	"runtime"
)

// forker starts processes from one OS thread that lives as long as the test binary. Linux ties the
// parent-death signal to the thread that forked, not to the process: a test that locks its
// goroutine to a thread and returns ends that thread, and would take with it a shared server that
// it happened to start.
type forker struct {
	requests chan *exec.Cmd
	results  chan error
	done     chan struct{}
}

func newForker() *forker {
	f := &forker{requests: make(chan *exec.Cmd), results: make(chan error),
		done: make(chan struct{})}
	go f.run()
	return f
}

func (f *forker) run() {
	defer close(f.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for cmd := range f.requests {
		dieWithParent(cmd)
		f.results <- cmd.Start()
	}
}

// start calls cmd.Start on the forker's thread. One call at a time; the registry's lock sees to
// that.
func (f *forker) start(cmd *exec.Cmd) error {
	f.requests <- cmd
	return <-f.results
}

func (f *forker) stop() {
	close(f.requests)
	<-f.done
}
