package cache

import (
	"context"
	"sync"
	"time"
)

// tasks are the background tasks of a cache. Close waits for them, except while they are in a
// function of the caller. The zero tasks are empty and ready for use.
type tasks struct {
	mu      sync.Mutex
	changed sync.Cond // lock sets its L
	running int
	outside int // tasks in a function of the caller
}

func (t *tasks) lock() {
	t.mu.Lock()
	t.changed.L = &t.mu
}

// add changes the counts and wakes those that wait.
func (t *tasks) add(running, outside int) {
	t.lock()
	defer t.mu.Unlock()
	t.running += running
	t.outside += outside
	t.changed.Broadcast()
}

// start starts a task.
func (t *tasks) start(run func()) {
	t.add(1, 0)
	go func() {
		defer t.add(-1, 0)
		run()
	}()
}

// call calls a function of the caller from a task. That function may call Close, so Close does not
// wait for it.
func (t *tasks) call(fn func()) {
	t.add(0, 1)
	defer t.add(0, -1)
	fn()
}

// grace is how long Close waits for a function of the caller anyway. Most return at once, and their
// task can then end normally.
const grace = 250 * time.Millisecond

// wait waits until all tasks have ended or are in a function of the caller, or until ctx ends.
func (t *tasks) wait(ctx context.Context) error {
	wake := func() { t.add(0, 0) }
	begun := time.Now() // before the timer, so that the timer does not fire before grace has passed
	defer context.AfterFunc(ctx, wake)()
	defer time.AfterFunc(grace, wake).Stop()
	t.lock()
	defer t.mu.Unlock()
	for t.running > 0 && (t.outside == 0 || time.Since(begun) < grace) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.changed.Wait()
	}
	return nil
}
