package redistest

import (
	"os/exec"
	"runtime"
)

// forker starts processes from one OS thread that lives as long as the test binary. Linux sends the
// parent-death signal when the thread that forked ends, not when the process ends. A test that
// locks its goroutine to a thread and returns ends that thread. A shared server that it has started
// would die with it.
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

// start calls cmd.Start on the forker's thread. It is called under the registry's lock, so one call
// at a time.
func (f *forker) start(cmd *exec.Cmd) error {
	f.requests <- cmd
	return <-f.results
}

func (f *forker) stop() {
	close(f.requests)
	<-f.done
}
