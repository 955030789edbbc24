package faults

import (
	"context"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
)

// control sends a PING every 5 ms to a server that no test breaks. A late reply there means that
// the machine is busy, and not that the cache is slow.
type control struct {
	stop    context.CancelFunc
	done    chan struct{}
	longest time.Duration
}

func startControl(t *testing.T) *control {
	t.Helper()
	rdb := redistest.Standalone(t).Client(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := &control{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		for due := time.Now(); ctx.Err() == nil; due = time.Now().Add(5 * time.Millisecond) {
			time.Sleep(time.Until(due))
			_ = rdb.Ping(ctx).Err() // cancelled, at the end
			c.longest = max(c.longest, time.Since(due))
		}
	}()
	t.Cleanup(func() { c.lag() })
	return c
}

// lag ends the control and returns by how much the machine was late at its worst.
func (c *control) lag() time.Duration {
	c.stop()
	<-c.done
	return c.longest
}

// until waits up to 15 s for a condition on a server.
func until(t *testing.T, what string, is func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for !is(ctx) {
		select {
		case <-ctx.Done():
			t.Errorf("not within 15 s: %s", what)
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}
