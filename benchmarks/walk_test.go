package main_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/ttl"
)

// lengths returns how many records All and sweeps walk over.
func lengths() []int {
	if *quick {
		return []int{10_000, 100_000}
	}
	return []int{10_000, 100_000, 1_000_000}
}

// grow writes the records have to want-1, in batches.
func grow(tb testing.TB, users *cache.Cache[int64, User], have, want int) {
	tb.Helper()
	const step = 10_000
	for have < want {
		many := make(map[int64]User, step)
		for ; have < want && len(many) < step; have++ {
			many[int64(have)] = payload.Small.User
		}
		if err := users.SetMany(tb.Context(), many); err != nil {
			tb.Fatal(err)
		}
	}
}

// walk is the cost of one range over All.
type walk struct {
	elapsed time.Duration
	alloc   uint64 // peak growth of HeapAlloc
	inuse   uint64 // peak growth of HeapInuse
	twice   int    // records that came more than once
}

// walkAll ranges over all n records and watches the heap. It fails if a record did not come, or one
// came that was not written.
func walkAll(ctx context.Context, users *cache.Cache[int64, User], n int) (walk, error) {
	seen := make([]uint64, (n+63)/64)
	var w walk
	heap := watchHeap()
	start := time.Now()
	for rec, err := range users.All(ctx) {
		if err != nil {
			heap.stop()
			return w, err
		}
		if rec.Key < 0 || rec.Key >= int64(n) {
			heap.stop()
			return w, fmt.Errorf("a record that was not written: %d", rec.Key)
		}
		word, bit := &seen[rec.Key/64], uint64(1)<<(rec.Key%64)
		if *word&bit != 0 {
			w.twice++
		}
		*word |= bit
	}
	w.elapsed = time.Since(start)
	w.alloc, w.inuse = heap.stop()
	for id := range n {
		if seen[id/64]&(1<<(id%64)) == 0 {
			return w, fmt.Errorf("record %d of %d did not come", id, n)
		}
	}
	return w, nil
}

// heapWatch samples the heap from its own goroutine, at times that do not depend on the measured
// code.
type heapWatch struct {
	before, peak runtime.MemStats // peak has only HeapAlloc and HeapInuse
	quit, done   chan struct{}
}

// watchHeap starts sampling every 2 ms. Each sample stops the world for some 20 µs.
func watchHeap() *heapWatch {
	h := &heapWatch{quit: make(chan struct{}), done: make(chan struct{})}
	runtime.GC()
	runtime.GC() // frees what the first collection left in pools
	runtime.ReadMemStats(&h.before)
	h.peak = h.before
	go func() {
		defer close(h.done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			h.peak.HeapAlloc = max(h.peak.HeapAlloc, now.HeapAlloc)
			h.peak.HeapInuse = max(h.peak.HeapInuse, now.HeapInuse)
			select {
			case <-h.quit:
				return
			case <-tick.C:
			}
		}
	}()
	return h
}

func (h *heapWatch) stop() (alloc, inuse uint64) {
	close(h.quit)
	<-h.done
	return h.peak.HeapAlloc - h.before.HeapAlloc, h.peak.HeapInuse - h.before.HeapInuse
}

// walkers fills one cache to each length in turn, and calls fn for each.
func walkers(
	tb testing.TB, rdb redis.UniversalClient, fn func(users *cache.Cache[int64, User], n int),
) {
	users := newCache[int64](tb, rdb, "all", payload.JSON.Codec, ttl.Active(hour))
	have := 0
	for _, n := range lengths() {
		grow(tb, users, have, n)
		have = n
		fn(users, n)
	}
}

func BenchmarkAll(b *testing.B) {
	walkers(b, server(b), func(users *cache.Cache[int64, User], n int) {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var peak uint64
			for b.Loop() {
				w, err := walkAll(b.Context(), users, n)
				if err != nil {
					b.Fatal(err)
				}
				peak = max(peak, w.alloc)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		})
	})
}
