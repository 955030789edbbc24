package flight

import (
	"context"
	"errors"
	"sync"
)

// ErrCircle says that a loader waits for a flight that waits for this loader.
var ErrCircle = errors.New("the loader waits for itself")

// Run does the work of one flight, or of the flights of a batch.
type Run struct {
	left   chan struct{} // receives a value when a flight may have lost its last caller
	urgent chan struct{} // closed when a loader waits for one of the flights
	once   sync.Once
}

// NewRun returns a run without flights.
func NewRun() *Run {
	return &Run{left: make(chan struct{}, 1), urgent: make(chan struct{})}
}

// Left returns a channel that receives a value when a flight of the run may have lost its last
// caller.
func (r *Run) Left() <-chan struct{} { return r.left }

// Urgent returns a channel that is closed when a loader waits for the run. Then the run must not
// wait any longer until other loaders have ended: the waiting loader may be one of them.
func (r *Run) Urgent() <-chan struct{} { return r.urgent }

// graph guards the edges between loads and flights of all groups of the process.
var graph sync.Mutex

// vertex is a flight in the graph of loads and the flights that they wait for.
type vertex struct{ load *Load } // the load that works for the flight

// Load is one call of a loader.
type Load struct {
	over  bool
	waits map[*vertex]int // flights that the loader waits for
}

// Works says that the load works for a flight. A flight has at most one load in its life.
func Works[T any](l *Load, f *Flight[T]) {
	graph.Lock()
	defer graph.Unlock()
	f.load = l
}

// Over says that the load has ended.
func (l *Load) Over() {
	graph.Lock()
	defer graph.Unlock()
	l.over = true
}

type loadKey struct{}

// Context returns the context of a loader.
func Context(ctx context.Context, l *Load) context.Context {
	return context.WithValue(ctx, loadKey{}, l)
}

// loader returns the load whose loader ctx belongs to, or nil.
//
// The context of a load may also have the values of an outer loader that asked for the record. The
// outer loader does not count here. If it still waits, the graph has an edge for that. If it does
// not, there is no circle.
func loader(ctx context.Context) *Load {
	l, _ := ctx.Value(loadKey{}).(*Load)
	return l
}

// Nested reports whether ctx belongs to a loader that has not ended.
func Nested(ctx context.Context) bool {
	l := loader(ctx)
	if l == nil {
		return false
	}
	graph.Lock()
	defer graph.Unlock()
	return !l.over
}

// wait notes that the loader of ctx waits for a flight, until forget is called.
func wait(ctx context.Context, v *vertex, run *Run) (forget func(), err error) {
	l := loader(ctx)
	if l == nil {
		return func() {}, nil
	}
	graph.Lock()
	defer graph.Unlock()
	if l.over {
		return func() {}, nil
	}
	if reaches(v, l, map[*vertex]bool{}) {
		return nil, ErrCircle
	}
	if l.waits == nil {
		l.waits = map[*vertex]int{}
	}
	l.waits[v]++
	run.once.Do(func() { close(run.urgent) })
	return func() {
		graph.Lock()
		defer graph.Unlock()
		if l.waits[v]--; l.waits[v] == 0 {
			delete(l.waits, v)
		}
	}, nil
}

// reaches reports whether a flight waits for a load, directly or through other flights.
func reaches(v *vertex, l *Load, seen map[*vertex]bool) bool {
	if v.load == nil || v.load.over || seen[v] {
		return false
	}
	seen[v] = true
	if v.load == l {
		return true
	}
	for next := range v.load.waits {
		if reaches(next, l, seen) {
			return true
		}
	}
	return false
}
