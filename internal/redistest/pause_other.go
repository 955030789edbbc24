//go:build !unix

package redistest

import "testing"

// Pause skips the test: only Unix can stop and continue a process.
func (s *Server) Pause(tb testing.TB) {
	tb.Helper()
	tb.Skip("only Unix has SIGSTOP")
}

// Resume undoes Pause.
func (s *Server) Resume(testing.TB) {}
