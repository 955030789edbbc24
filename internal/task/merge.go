package task

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
)

// Together calls functions at the same time and returns when all have ended. A panic of one, and a
// runtime.Goexit, go on in the caller's goroutine.
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

// Merge calls produce for 0 to n-1, at most limit of them at a time, and yields what they yield:
// one value at a time, in the caller's goroutine. A producer goes on when its value has been taken.
//
// When the caller stops, Merge returns at once: yield returns false, the producers' context ends,
// and they end by themselves. A panic of a producer, and a runtime.Goexit, go on in the caller's
// goroutine unless the caller has stopped. Only a hook of the client panics there, and it does so
// in the callers' own commands too.
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
		defer m.stop() // also if the caller panics
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
