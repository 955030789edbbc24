package main_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// User is the value that is cached.
type User = payload.User

const (
	// hour is the TTL of all records, so that none expires during a measurement.
	hour = time.Hour

	// records is how many keys the calls of a case cycle through. So no side reads the same key
	// all the time.
	records = 1000
)

// server starts a redis-server for this test on a free port.
func server(tb testing.TB) *redis.Client {
	tb.Helper()
	return redistest.Start(tb).Client(tb)
}

func newCache[K comparable, V any](
	tb testing.TB, rdb redis.UniversalClient, name string, c codec.Codec[V], policy ttl.Policy,
) *cache.Cache[K, V] {
	tb.Helper()
	made, err := cache.New[K](rdb, name, c, &cache.Options{TTL: policy})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = made.Close() })
	return made
}

// fill writes the records that the reads of a case return.
func fill[V any](tb testing.TB, c *cache.Cache[int64, V], v V) {
	tb.Helper()
	many := make(map[int64]V, records)
	for id := range int64(records) {
		many[id] = v
	}
	if err := c.SetMany(tb.Context(), many); err != nil {
		tb.Fatal(err)
	}
}

// run makes each side of the cases a benchmark. The name ends in /side=NAME, so that benchstat
// -col /side puts the sides into columns.
func run(b *testing.B, cases []measure.Case) {
	for _, c := range cases {
		for _, side := range c.Sides {
			name := ""
			for _, label := range c.Labels {
				name += label + "/"
			}
			b.Run(name+"side="+side.Name, func(b *testing.B) {
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					if err := side.Op(n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
