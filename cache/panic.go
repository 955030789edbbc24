package cache

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/activettl/rediscache/internal/task"
)

// PanicError is a panic of a function of the caller in a goroutine of the cache: of a loader, or of
// a callback of a background task. All callers that wait for the loader get it. A Hook gets it as
// Op.Err.
//
// It wraps no error, even if Value is one: a loader that panics with ErrNotFound has not said that
// its record is absent.
type PanicError struct {
	Value any    // the value of the panic
	Stack []byte // the stack of the goroutine that panicked
}

// Error returns the value of the panic and the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack) }

// errGoexit means that a function of the caller called runtime.Goexit in a goroutine of the cache.
var errGoexit = errors.New("a loader or a callback called runtime.Goexit")

// unreturned is the error of a function of the caller that panicked with v. Nil means that it
// called runtime.Goexit.
func unreturned(v any, stack []byte) error {
	if v == nil {
		return errGoexit
	}
	return &PanicError{v, stack}
}

// contain calls fn in a new goroutine. If fn does not return, the error is a *PanicError or
// errGoexit.
func contain(fn func()) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		task.Guard(fn, func(v any) { err = unreturned(v, debug.Stack()) })
	}()
	<-done
	return err
}
