package main_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

var errLoaded = errors.New("a hit calls no loader")

func noLoader(context.Context, int64) (User, error) { return User{}, errLoaded }

// hitCases compare Get and GetOrLoad of records that exist.
func hitCases(tb testing.TB, rdb redis.UniversalClient) []measure.Case {
	ctx := tb.Context()
	var cases []measure.Case
	for _, p := range []struct {
		label  string
		policy ttl.Policy
		opts   []cache.SetOption
	}{
		{"Active", ttl.Active(hour), nil},
		{"Fixed", ttl.Fixed(hour), nil},
		{"Active, own TTL", ttl.Active(hour), []cache.SetOption{cache.WithTTL(hour / 2)}},
		{"Fixed, Refresh", ttl.Fixed(hour, ttl.Refresh(hour/6)), nil},
	} {
		for _, s := range []payload.Size{payload.Small, payload.Medium} {
			name := fmt.Sprintf("hit.%d", len(cases))
			users := newCache[int64](tb, rdb, name, codec.JSON[User]{}, p.policy)
			for id := range int64(records) {
				if err := users.Set(ctx, id, s.User, p.opts...); err != nil {
					tb.Fatal(err)
				}
			}
			cases = append(cases, measure.Case{
				Labels: []string{p.label, "json", s.Label},
				Sides: []measure.Side{
					reading(tb, "Get", s.User, func(id int64) (User, error) {
						return users.Get(ctx, id)
					}),
					reading(tb, "GetOrLoad", s.User, func(id int64) (User, error) {
						return users.GetOrLoad(ctx, id, noLoader)
					}),
				}})
		}
	}
	return cases
}

func BenchmarkHit(b *testing.B) { run(b, hitCases(b, server(b))) }

// hit measures what GetOrLoad costs if the record exists.
func (b *bounds) hit(rdb *redis.Client) *report.Table {
	t := &report.Table{
		Title: "A hit of GetOrLoad", Labels: 3,
		Note: fmt.Sprintf("Compared with Get of the same records: one goroutine, %d pairs of 5 ms "+
			"slices in turns. The process has read all records before, so under Refresh it knows "+
			"that none is due. Commands that a script calls count too. Bounds: the same commands; "+
			"at most %d more allocation (testing.AllocsPerRun); ratio at most %.2f.",
			hitPairs, maxHitAllocs, maxHitRatio),
		Head: []string{"Policy", "Codec", "Value", "Get µs", "GetOrLoad µs", "ratio (quartiles)",
			"Get allocs", "GetOrLoad allocs", "Get commands", "GetOrLoad commands"},
	}
	plan := measure.Plan{Rounds: hitPairs, Slice: 5 * time.Millisecond}
	if *quick {
		plan.Rounds = 30
	}
	for _, c := range hitCases(b.T, rdb) {
		what := fmt.Sprint(c.Labels)
		for _, side := range c.Sides { // reads all records once, so that the process knows them
			for n := range records {
				if err := side.Op(n); err != nil {
					b.Fatal(err)
				}
			}
		}
		results, err := plan.Run(c)
		if err != nil {
			b.Fatal(err)
		}
		allocs, sent := [2]float64{}, [2]map[string]int{}
		for i, side := range c.Sides {
			allocs[i], sent[i] = b.allocations(side), b.commands(rdb, side)
		}
		ratio := results[1].Ratio
		t.Add(append(c.Labels, micros(results[0].Nanos.Median), micros(results[1].Nanos.Median),
			spread(ratio), fmt.Sprint(allocs[0]), fmt.Sprint(allocs[1]), each(sent[0]),
			each(sent[1]))...)
		if allocs[1] > allocs[0]+maxHitAllocs {
			b.breaks("a hit, %s, makes %v allocations and Get %v; %d more is allowed", what,
				allocs[1], allocs[0], maxHitAllocs)
		}
		if !maps.Equal(sent[0], sent[1]) {
			b.breaks("a hit, %s, sends %v, and Get %v", what, sent[1], sent[0])
		}
		if !*quick && ratio.Median > maxHitRatio {
			b.breaks("a hit, %s, takes %.3f times as long as Get, %.2f is allowed", what,
				ratio.Median, maxHitRatio)
		}
	}
	return t
}

// allocations returns those of one call.
func (b *bounds) allocations(side measure.Side) float64 {
	n := 0
	return testing.AllocsPerRun(records, func() {
		if err := side.Op(n); err != nil {
			b.Error(err)
		}
		n++
	})
}

// commands returns the commands that the server counts for one call per record.
func (b *bounds) commands(rdb *redis.Client, side measure.Side) map[string]int {
	if err := rdb.ConfigResetStat(b.Context()).Err(); err != nil {
		b.Fatal(err)
	}
	for n := range records {
		if err := side.Op(n); err != nil {
			b.Fatal(err)
		}
	}
	stats, err := serverinfo.Commands(b.Context(), rdb)
	if err != nil {
		b.Fatal(err)
	}
	sent := map[string]int{}
	for name, s := range stats {
		if name != "config|resetstat" && name != "info" {
			sent[name] = s.Calls
		}
	}
	return sent
}

// each lists the commands, each with how often one call sends it.
func each(sent map[string]int) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%.3g %s", float64(sent[name])/records, name)
	}
	return text
}
