package wire

import (
	"context"
	"sync"
	"sync/atomic"
)

// gate counts the commands in flight until it is closed. The zero gate is open.
type gate struct {
	state atomic.Int64 // how many are inside, plus the bit closed
	once  sync.Once
	empty chan struct{} // made by close, closed when the last one has left
	mu    sync.Mutex
}

// closed is the bit of a gate's state that says that it is closed.
const closed = 1 << 62

// enter reports whether the gate is open. If it is, leave must follow.
func (g *gate) enter() bool {
	if g.state.Add(1)&closed == 0 {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.state.Add(-1) == closed {
		g.left()
	}
}

// left ends the waits in close, since nobody is inside any more.
func (g *gate) left() { g.once.Do(func() { close(g.done()) }) }

func (g *gate) done() chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	return g.empty
}

// close makes enter return false from now on. It waits until all have left or ctx ends.
func (g *gate) close(ctx context.Context) error {
	if g.state.Or(closed)&^closed == 0 {
		g.left()
	}
	select {
	case <-g.done():
		return nil
	default:
	}
	select {
	case <-g.done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
