package redistest

import (
	"math"
	"os/signal"
	"syscall"
	"testing"
	"unsafe"
)

// surviveFullDisk ignores the signal that comes with the error of a file that is too long. The
// servers inherit that.
func surviveFullDisk() { signal.Ignore(syscall.SIGXFSZ) }

// FillDisk makes every write that lengthens a file of the server fail, as a full disk does. A
// server with an AOF then refuses writes (MISCONF). With appendfsync=always it ends.
func (s *Server) FillDisk(tb testing.TB) {
	tb.Helper()
	s.limitFiles(tb, 1)
}

// FreeDisk undoes FillDisk. Redis checks once per second whether it can write again.
func (s *Server) FreeDisk(tb testing.TB) {
	tb.Helper()
	s.limitFiles(tb, math.MaxUint64)
}

// limitFiles sets the size in bytes beyond which the process cannot lengthen a file.
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
