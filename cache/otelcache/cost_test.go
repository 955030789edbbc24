package otelcache_test

import (
	"context"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// costs are operations, each with the number of allocations that the Hook may make for it.
var costs = []struct {
	name   string
	op     cache.Op
	allocs float64
}{
	{"hit", cache.Op{Kind: "Get", Keys: 1, Hits: 1, Outcome: "hit"}, 0},
	{"hit in memory", cache.Op{Kind: "Get", Keys: 1, Hits: 1, Near: 1, Outcome: "near_hit"}, 0},
	{"write", cache.Op{Kind: "Set", Keys: 1, Hits: 1, Outcome: "ok"}, 0},
	{"batch", cache.Op{Kind: "GetMany", Keys: 9, Hits: 5, Misses: 4, Outcome: "partial"}, 1},
	{"error", cache.Op{Kind: "Get", Keys: 1, Failed: 1, Outcome: "error",
		Err: errTest, ErrorType: "connection"}, 1},
	{"loaded", cache.Op{Kind: "GetOrLoad", Keys: 1, Outcome: "loaded",
		Load: &cache.LoadStats{Loaded: 1, Scope: "own"}}, 0},
	{"waited", cache.Op{Kind: "GetOrLoad", Keys: 1, Outcome: "waited",
		Load: &cache.LoadStats{Joined: 1, Scope: "process"}}, 0},
	{"load", cache.Op{Kind: "Load", Keys: 1, Outcome: "loaded",
		Load: &cache.LoadStats{Loaded: 1, Trigger: "miss"}}, 0},
}

func (t *telemetry) playOne(ctx context.Context, op *cache.Op) {
	t.End(t.Start(ctx, cache.Op{Kind: op.Kind, Cache: op.Cache, Keys: op.Keys}), *op)
}

func TestAllocations(t *testing.T) {
	if redistest.Race {
		t.Skip("the race detector allocates")
	}
	tel := newTelemetry(t, noSpans)
	for _, test := range costs {
		test.op.Cache, test.op.Elapsed = "users", time.Millisecond
		n := testing.AllocsPerRun(1000, func() { tel.playOne(t.Context(), &test.op) })
		if n > test.allocs {
			t.Errorf("%s: %v allocations, want %v", test.name, n, test.allocs)
		}
	}
}

// BenchmarkHook measures what the Hook adds to an operation. With any Hook, the cache also reads
// the clock twice and looks at the error.
func BenchmarkHook(b *testing.B) {
	tel := newTelemetry(b, noSpans)
	for _, test := range costs {
		test.op.Cache, test.op.Elapsed = "users", time.Millisecond
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tel.playOne(b.Context(), &test.op)
			}
		})
	}
	b.Run("parallel hits", func(b *testing.B) {
		op := costs[0].op
		op.Cache = "users"
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				tel.playOne(context.Background(), &op)
			}
		})
	})
}

// BenchmarkNearHit measures a hit in memory without a Hook and with this one.
func BenchmarkNearHit(b *testing.B) {
	s := redistest.Start(b)
	for _, hooked := range []bool{false, true} {
		name := "no hook"
		o := near()
		if hooked {
			name = "hook"
			o.Hook = newTelemetry(b, noSpans).Hook
		}
		b.Run(name, func(b *testing.B) {
			c, err := cache.New[int](s.Client(b), "users", codec.JSON[user]{}, o)
			must(b, err)
			defer c.Close()
			must(b, c.Set(b.Context(), 1, user{"Ann"}))
			for c.Stats().Near.Hits == 0 {
				_, err := c.Get(b.Context(), 1)
				must(b, err)
			}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.Get(b.Context(), 1)
			}
		})
	}
}
