package redistest

import (
	"math"
	"os/signal"
	"syscall"
	"testing"
	"unsafe"
)

// surviveFullDisk makes the servers, which inherit it, ignore the signal that comes with the error
// of a file that is too long.
func surviveFullDisk() { signal.Ignore(syscall.SIGXFSZ) }

// FillDisk lets the server's disk take no more: a write that lengthens a file fails. A server with
// an AOF, and not appendfsync=always, which ends it, refuses writes from then on (MISCONF).
func (s *Server) FillDisk(tb testing.TB) {
	tb.Helper()
	s.limitFiles(tb, 1)
}

// FreeDisk undoes FillDisk. Redis looks once in a second whether it can write again.
func (s *Server) FreeDisk(tb testing.TB) {
	tb.Helper()
	s.limitFiles(tb, math.MaxUint64)
}

// limitFiles sets the size, in bytes, beyond which the process cannot lengthen a file.
func (s *Server) limitFiles(tb testing.TB, size uint64) {
	tb.Helper()
	limit := syscall.Rlimit{Cur: size, Max: math.MaxUint64}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(s.process().cmd.Process.Pid),
		syscall.RLIMIT_FSIZE,
		uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		tb.Fatalf("redistest: prlimit of %s: %v", s.addr, errno)
	}
}
