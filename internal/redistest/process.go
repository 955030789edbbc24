package redistest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// process is one run of a server.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it is gone and reaped
}

func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// end kills the process, also a paused one, and waits until it is gone.
func (p *process) end() {
	_ = p.cmd.Process.Kill() // fails only if the process has ended already
	<-p.exited
}

func (s *Server) process() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

var errStopped = errors.New("it was stopped for good")

// start starts a process and waits until it answers.
func (s *Server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errStopped
	}
	logFile, err := os.OpenFile(filepath.Join(s.dir, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY,
		0o600)
	if err != nil {
		return err
	}
	defer logFile.Close() // the process has its own descriptor
	p := &process{cmd: exec.Command(s.path, s.arguments()...), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = s.dir, logFile, logFile
	if err := servers.start(s, p.cmd); err != nil {
		return err
	}
	s.proc = p
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the reason stands in cmd.ProcessState
	}()
	return s.await(p)
}

// Stop kills the process, waits until it is gone, and removes its files. A second call does
// nothing.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	if s.proc != nil {
		s.proc.end()
	}
	servers.remove(s)
	_ = os.RemoveAll(s.dir)
}

// Kill ends the process as kill -9 does, and waits until it is gone. Its files stay for Restart.
// Kill and Pause only servers that the test has started: other tests use the shared ones.
func (s *Server) Kill() { s.process().end() }

// Restart starts the server again with the same port, directory and arguments. If it runs, Restart
// kills it first. Without an AOF it comes back empty. It takes about 15 ms.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		tb.Fatalf("redistest: restart of %s: %v", s.addr, err)
	}
}
