package main_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/ttl"
)

// termsCases are reads under Active. A record under the policy is read via GETEX, and one with its
// own TTL via get.lua. The third cache reads a record with its own TTL now and then, so it reads
// all records via get.lua.
func termsCases(tb testing.TB, rdb redis.UniversalClient) []measure.Case {
	ctx := tb.Context()
	var cases []measure.Case
	f := payload.JSON
	for _, s := range payload.Sizes {
		plain := newCache[int64](tb, rdb, "plain."+s.Label, f.Codec, ttl.Active(hour))
		fill(tb, plain, s.User)
		mixed := newCache[int64](tb, rdb, "mixed."+s.Label, f.Codec, ttl.Active(hour))
		fill(tb, mixed, s.User)
		own := newCache[int64](tb, rdb, "own."+s.Label, f.Codec, ttl.Active(hour))
		for id := range int64(records) {
			if err := own.Set(ctx, id, s.User, cache.WithTTL(hour/2)); err != nil {
				tb.Fatal(err)
			}
		}
		if err := mixed.Set(ctx, records, s.User, cache.WithTTL(hour/2)); err != nil {
			tb.Fatal(err)
		}
		side := func(name string, users *cache.Cache[int64, User]) measure.Side {
			return reading(tb, name, s.User, func(id int64) (User, error) {
				return users.Get(ctx, id)
			})
		}
		reads := 0
		byScript := reading(tb, "policy, by script", s.User, func(id int64) (User, error) {
			if reads++; reads%200 == 0 {
				id = records
			}
			return mixed.Get(ctx, id)
		})
		cases = append(cases,
			measure.Case{Labels: []string{"Get", f.Label, s.Label}, Sides: []measure.Side{
				side("policy", plain), side("own TTL", own), byScript,
			}})
	}
	return cases
}

func BenchmarkTerms(b *testing.B) { run(b, termsCases(b, server(b))) }
