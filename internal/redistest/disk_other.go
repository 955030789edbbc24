//go:build !linux

package redistest

import "testing"

func surviveFullDisk() {}

// FillDisk skips the test: only Linux can limit the files of another process.
func (s *Server) FillDisk(tb testing.TB) {
	tb.Helper()
	tb.Skip("only Linux has prlimit")
}

// FreeDisk undoes FillDisk.
func (s *Server) FreeDisk(testing.TB) {}
