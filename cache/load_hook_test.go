package cache_test

import (
	"context"
	"sync"

	"github.com/activettl/rediscache/cache"
)

// loadHook keeps what it is told at the end of operations.
type loadHook struct {
	mu  sync.Mutex
	ops []cache.Op
}

func (h *loadHook) Start(ctx context.Context, _ cache.Op) context.Context { return ctx }

func (h *loadHook) End(_ context.Context, op cache.Op) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
}

// of returns what was told of a kind.
func (h *loadHook) of(kind string) (ops []cache.Op) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, op := range h.ops {
		if op.Kind == kind {
			ops = append(ops, op)
		}
	}
	return ops
}

// sum adds up the stats of a kind.
func (h *loadHook) sum(kind string) (sum cache.LoadStats) {
	for _, op := range h.of(kind) {
		if s := op.Load; s != nil {
			sum.Stale += s.Stale
			sum.Absent += s.Absent
			sum.Loaded += s.Loaded
			sum.Joined += s.Joined
			sum.Fleet += s.Fleet
			sum.Superseded += s.Superseded
			sum.Unstored += s.Unstored
			sum.Waited += s.Waited
		}
	}
	return sum
}
