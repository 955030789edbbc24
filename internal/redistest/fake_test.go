package redistest

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// fakeTB is a test that may fail without making the real one fail.
type fakeTB struct {
	testing.TB
	messages []string
	stopped  bool
	cleanups []func()
}

// failing runs fn as a test, runs its cleanups, and returns what happened.
func failing(t *testing.T, fn func(testing.TB)) *fakeTB {
	t.Helper()
	f := &fakeTB{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, c := range slices.Backward(f.cleanups) {
				c()
			}
		}()
		fn(f)
	}()
	<-done
	return f
}

func (f *fakeTB) Helper()           {}
func (f *fakeTB) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *fakeTB) Errorf(format string, args ...any) {
	f.messages = append(f.messages, fmt.Sprintf(format, args...))
}
func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	f.stopped = true
	runtime.Goexit()
}
