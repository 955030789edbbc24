// Package task runs functions: side by side, with what becomes of one that does not return, and with
// pauses in between. It knows no Redis.
package task

import (
	"context"
	"runtime"
	"time"
)

// Guard calls a function, and calls failed if it does not return: with the value of its panic, or
// with nil after runtime.Goexit. A panic ends there. failed runs before the stack of the function is
// gone.
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

// unreturned is how a function has ended that did not return: by a panic, or by runtime.Goexit.
type unreturned struct{ panicked any }

// goOn ends the calling goroutine's function in the same way.
func (u *unreturned) goOn() {
	if u.panicked != nil {
		panic(u.panicked)
	}
	runtime.Goexit()
}

// Sleep waits for d. It returns the error of ctx if that ends before.
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
