package cache_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
)

// A callback that panics in the background, or calls runtime.Goexit, ends the pass. The Hook is
// told the panic and its stack. A pass that was cut short never looks like a success.
func TestCallbacksThatDoNotReturn(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, progress := range map[string]func(sweep.Progress){
			"panic":  func(sweep.Progress) { panic(errCallback) },
			"goexit": func(sweep.Progress) { runtime.Goexit() },
		} {
			hook := make(passes, 100)
			u := newUsers(t, b, periodic(active(), hook, sweep.Periodic{
				Interval: 10 * time.Millisecond, MaxIdle: time.Minute, PageSize: 10,
				Progress: progress,
			}))
			must(t, u.SetMany(ctx(t), anns(300)))
			for range 2 { // the sweeper continues
				op := hook.next(t)
				for op.Sweep.Scanned == 0 && op.Err == nil { // a pass without records
					b.Advance(10 * time.Millisecond)
					op = hook.next(t)
				}
				// On miniredis, SCAN has one page.
				if op.Err == nil || op.Sweep.Scanned == 300 && b.Mini == nil {
					t.Errorf("%s: the Hook gets %+v, %v", name, op.Sweep, op.Err)
				}
				var panicked *cache.PanicError
				if errors.As(op.Err, &panicked) != (name == "panic") {
					t.Errorf("%s: the Hook gets %v", name, op.Err)
				}
				if panicked != nil &&
					(panicked.Value != errCallback ||
						!strings.Contains(string(panicked.Stack), "callback_test.go")) {
					t.Errorf("the Hook gets the panic as %v", op.Err)
				}
				b.Advance(10 * time.Millisecond)
			}
			must(t, u.Close())

			// On demand, the panic or Goexit reaches the caller's goroutine.
			u = usersNamed(t, b, u.Name(), active())
			done := make(chan any, 1)
			go func() {
				returned := false
				defer func() {
					if v := recover(); v != nil {
						done <- v
					} else if !returned {
						done <- "goexit"
					}
				}()
				_, _ = u.Sweep(ctx(t), time.Minute, sweep.OnProgress(progress))
				returned = true
				done <- nil
			}()
			if got := <-done; got != errCallback && got != name {
				t.Errorf("%s: the caller of Sweep gets %v", name, got)
			}
			if _, err := u.Sweep(ctx(t), time.Minute); err != nil { // the lease is free again
				t.Error(err)
			}
		}
	})
}

var errCallback = errors.New("callback")

// badHook panics when a pass ends, except when it is told of a panic.
type badHook struct {
	passes
	told chan error
}

func (h badHook) End(ctx context.Context, op cache.Op) {
	if _, ok := errors.AsType[*cache.PanicError](op.Err); ok {
		h.told <- op.Err
		return
	}
	if op.Kind == "Sweep" {
		panic(errCallback)
	}
}

// A Hook that panics in the background is told of its panic, and the program continues.
func TestHookThatPanicsInTheBackground(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		hook := badHook{make(passes, 100), make(chan error, 100)}
		o := periodic(active(), nil,
			sweep.Periodic{Interval: 10 * time.Millisecond, MaxIdle: time.Minute})
		o.Hook = hook
		u := newUsers(t, b, o)
		for i := 0; i < 2; {
			select {
			case err := <-hook.told:
				if p, ok := errors.AsType[*cache.PanicError](err); !ok || p.Value != errCallback {
					t.Errorf("the Hook is told %v", err)
				}
				i++
			case <-time.After(5 * time.Millisecond):
				b.Advance(10 * time.Millisecond)
			}
		}
		must(t, u.Close())
	})
}
