package cache

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/activettl/rediscache/internal/task"
)

// PanicError is the panic of a function of the caller that did not run in the goroutine of a
// caller: a loader, or a callback of a background task. All who wait for a loader get it; a Hook is
// told of it as Op.Err. It wraps no error, also if Value is one: a loader that panics with an
// ErrNotFound has not said that its record is absent.
type PanicError struct {
	Value any    // of the panic
	Stack []byte // of the goroutine that panicked
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack) }

// errGoexit is the error of a function of the caller that called runtime.Goexit there.
var errGoexit = errors.New("a loader or a callback called runtime.Goexit")

// unreturned is the error of a function of the caller that panicked with v, or, if v is nil, called
// runtime.Goexit.
func unreturned(v any, stack []byte) error {
	if v == nil {
		return errGoexit
	}
	return &PanicError{v, stack}
}

// contain calls fn in a goroutine of its own, and returns a *PanicError or errGoexit if fn did not
// return.
func contain(fn func()) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		task.Guard(fn, func(v any) { err = unreturned(v, debug.Stack()) })
	}()
	<-done
	return err
}
