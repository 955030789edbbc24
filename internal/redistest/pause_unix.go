//go:build unix

package redistest

import (
	"syscall"
	"testing"
)

// Pause stops the process, as a frozen container would be: the kernel still accepts connections and
// requests for it, but nothing answers. Resume lets it go on. Both return when that is done.
func (s *Server) Pause(tb testing.TB) {
	tb.Helper()
	s.signal(tb, syscall.SIGSTOP)
}

// Resume lets a paused server go on.
func (s *Server) Resume(tb testing.TB) {
	tb.Helper()
	s.signal(tb, syscall.SIGCONT)
}

func (s *Server) signal(tb testing.TB, sig syscall.Signal) {
	tb.Helper()
	if err := s.process().cmd.Process.Signal(sig); err != nil {
		tb.Fatalf("redistest: %v to %s: %v", sig, s.addr, err)
	}
}
