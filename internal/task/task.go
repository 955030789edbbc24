// Package task runs functions at the same time, detects functions that panic or call
// runtime.Goexit, and sleeps until a context ends. It knows no Redis.
package task

import (
	"context"
	"runtime"
	"time"
)

// Guard calls fn. If fn panics, Guard recovers and calls failed with the panic value. If fn calls
// runtime.Goexit, Guard calls failed with nil. failed runs before the stack of fn is unwound.
func Guard(fn func(), failed func(panicked any)) {
	returned := false
	defer func() {
		if v := recover(); v != nil || !returned {
			failed(v)
		}
	}()
	fn()
	returned = true
}

// unreturned says how a function ended without a return: with a panic, or with runtime.Goexit.
type unreturned struct{ panicked any } // nil after runtime.Goexit

// goOn panics with the same value, or calls runtime.Goexit.
func (u *unreturned) goOn() {
	if u.panicked != nil {
		panic(u.panicked)
	}
	runtime.Goexit()
}

// Sleep waits for d. It returns the error of ctx if ctx ends earlier.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
