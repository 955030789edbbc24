package task

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
)

// Together calls functions at the same time and returns when all have ended. If one of them panics
// or calls runtime.Goexit, Together does the same in the caller's goroutine.
func Together(fns []func()) {
	last := len(fns) - 1
	if last < 0 {
		return
	}
	var wg sync.WaitGroup
	var failed atomic.Pointer[unreturned]
	for _, fn := range fns[:last] {
		wg.Go(func() { Guard(fn, func(v any) { failed.CompareAndSwap(nil, &unreturned{v}) }) })
	}
	func() {
		defer wg.Wait()
		fns[last]()
	}()
	if u := failed.Load(); u != nil {
		u.goOn()
	}
}

// Merge calls produce for 0 to n-1, at most limit of them at the same time. It yields their values
// one at a time, in the caller's goroutine. A producer goes on when its value was taken.
//
// If the caller stops, Merge returns at once and does not wait for the producers. Their context
// ends, and yield returns false. If a producer panics or calls runtime.Goexit, Merge does the same
// in the caller's goroutine, unless the caller has stopped. After a stop, such a panic is lost.
// Only hooks of the client panic in producers, and they also panic in the callers' own commands.
func Merge[T any](
	ctx context.Context, n, limit int, produce func(ctx context.Context, i int, yield func(T) bool),
) iter.Seq[T] {
	if n == 1 {
		return func(yield func(T) bool) { produce(ctx, 0, yield) }
	}
	return func(yield func(T) bool) {
		ctx, cancel := context.WithCancel(ctx)
		m := merge[T]{
			values:  make(chan T),
			taken:   make(chan struct{}),
			stopped: make(chan struct{}),
		}
		m.stop = sync.OnceFunc(func() {
			close(m.stopped)
			cancel()
		})
		defer m.stop() // deferred, so that it runs if the caller panics
		turns := make(chan struct{}, limit)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				select {
				case turns <- struct{}{}:
				case <-m.stopped:
					return
				}
				defer func() { <-turns }()
				Guard(func() { produce(ctx, i, m.give) }, func(v any) {
					m.failed.CompareAndSwap(nil, &unreturned{v})
					m.stop()
				})
			})
		}
		go func() {
			wg.Wait()
			m.stop()
		}()
		m.take(yield)
		if u := m.failed.Load(); u != nil {
			u.goOn()
		}
	}
}

// merge is what the goroutines of a Merge share.
type merge[T any] struct {
	values  chan T
	taken   chan struct{}
	stopped chan struct{} // closed when the caller stops, a producer fails, or all have ended
	stop    func()
	failed  atomic.Pointer[unreturned]
}

// give is the yield of a producer.
func (m *merge[T]) give(v T) bool {
	select {
	case m.values <- v:
	case <-m.stopped:
		return false
	}
	select {
	case <-m.taken:
		return true
	case <-m.stopped:
		return false
	}
}

// take yields what the producers give.
func (m *merge[T]) take(yield func(T) bool) {
	for {
		select {
		case v := <-m.values:
			if !yield(v) {
				return
			}
			select {
			case m.taken <- struct{}{}:
			case <-m.stopped: // another producer has failed
			}
		case <-m.stopped:
			return
		}
	}
}
