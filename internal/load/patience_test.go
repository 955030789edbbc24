package load

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

const limit = 250 * time.Millisecond

// hasEnded reports whether Done is closed.
func hasEnded(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// Deadline and Err are exact. Done is closed after the deadline, and at most an eighth of the limit
// after it. That holds whenever the context is made.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patience{limit: limit}
		for range 40 {
			begun := time.Now()
			ctx := p.bound(t.Context())
			if at, ok := ctx.Deadline(); !ok || !at.Equal(begun.Add(limit)) {
				t.Errorf("Deadline is %v from now, %v", at.Sub(begun), ok)
			}
			go func() {
				<-ctx.Done()
				late := time.Since(begun) - limit
				if late < 0 || late > limit/shares+1 {
					t.Errorf("Done comes %v after the deadline", late)
				}
				if err := ctx.Err(); err != context.DeadlineExceeded {
					t.Errorf("Err after Done: %v", err)
				}
			}()
			go func() {
				time.Sleep(limit - 1)
				if err := ctx.Err(); err != nil || hasEnded(ctx) {
					t.Errorf("before the deadline: %v, done: %v", err, hasEnded(ctx))
				}
				time.Sleep(time.Nanosecond)
				if err := ctx.Err(); err != context.DeadlineExceeded {
					t.Errorf("at the deadline: %v", err)
				}
			}()
			time.Sleep(limit / 30) // not a multiple of the time in which contexts share a channel
		}
		time.Sleep(2 * limit)
		synctest.Wait()
	})
}

// bound returns a context that ends before the limit as it is, but not one that ends later.
func TestPatienceOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patience{limit: limit}
		for own, same := range map[time.Duration]bool{
			0: true, limit - 1: true, limit: true, limit + 1: false, time.Hour: false,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), own)
			defer cancel()
			got := p.bound(ctx)
			if (got == ctx) != same {
				t.Errorf("own deadline in %v: bound returns the context: %v, want %v", own,
					got == ctx, same)
			}
			at, _ := got.Deadline()
			if left := time.Until(at); left != min(own, limit) {
				t.Errorf("own deadline in %v: Deadline in %v", own, left)
			}
		}
	})
}

// Err of a cancelled context says so at once, Done only after the deadline. The context has the
// values of its parent, and its children end with it.
func TestPatienceCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		p := patience{limit: limit}
		parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
		ctx, other := p.bound(parent), p.bound(t.Context())
		child, stop := context.WithCancel(ctx)
		defer stop()
		if ctx.Value(key{}) != "v" || ctx.Err() != nil {
			t.Errorf("value %v, %v", ctx.Value(key{}), ctx.Err())
		}
		cancel()
		if err := ctx.Err(); err != context.Canceled || hasEnded(ctx) {
			t.Errorf("after its cancellation: %v, done: %v", err, hasEnded(ctx))
		}
		if other.Err() != nil {
			t.Errorf("another context: %v", other.Err())
		}
		<-child.Done()
		if child.Err() != context.Canceled || other.Err() != context.DeadlineExceeded {
			t.Errorf("at the end: %v, another: %v", child.Err(), other.Err())
		}
	})
}

// The longest possible limit works.
func TestPatienceWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patience{limit: math.MaxInt64}
		ctx := p.bound(t.Context())
		time.Sleep(24 * time.Hour)
		if err := ctx.Err(); err != nil || hasEnded(ctx) {
			t.Errorf("after a day: %v, done: %v", err, hasEnded(ctx))
		}
	})
}

// A context costs one allocation.
func TestPatienceAllocates(t *testing.T) {
	p := patience{limit: time.Hour} // so that all of them share a channel
	ctx := t.Context()
	var made context.Context
	if n := testing.AllocsPerRun(100, func() { made = p.bound(ctx) }); n != 1 {
		t.Errorf("%v allocations, want 1", n)
	}
	_ = made
}
