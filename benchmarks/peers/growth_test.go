package peers

import (
	"context"
	"fmt"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
)

// maxGrowth bounds the time of Get and Set over a million records, as a multiple of that over a
// thousand. The server's part grows, because less of its data is in the CPU caches.
const maxGrowth = 1.5

// growth measures rediscache over caches of 10^3 to 10^6 records.
func (b *bench) growth() *report.Table {
	lengths := []int{1_000, 10_000, 100_000, 1_000_000}
	plan := measure.Plan{Rounds: 10 * *rounds, Slice: 5 * time.Millisecond}
	if *quick {
		lengths, plan.Rounds = lengths[:2], 10
	}
	t := &report.Table{
		Title: "Growth", Labels: 1,
		Note: fmt.Sprintf("rediscache over more and more records of %s of JSON: `ttl.Active`, "+
			"one goroutine, keys spread over the whole cache. The ratio is to the time over %d "+
			"records (quartiles). Bound: at most %.1f.", payload.Small.Label, lengths[0],
			maxGrowth),
		Head: []string{"Operation", "records", "µs", "ratio (quartiles)"},
	}
	gets, sets := measure.Case{Labels: []string{"Get"}}, measure.Case{Labels: []string{"Set"}}
	for _, n := range lengths {
		p := place{b.T, b.addr, b.rdb, payload.JSON, fmt.Sprintf("growth.%d", n)}
		s := rediscache(p)
		for from := 0; from < n; from += batch {
			if err := s.setMany(b.Context(), many(int64(from), payload.Small.User)); err != nil {
				b.Fatal(err)
			}
		}
		over := func(do func(ctx context.Context, id int64) error) measure.Side {
			return measure.Side{Name: fmt.Sprint(n), Op: func(call int) error {
				// 7919 is prime, so the calls reach all records
				return do(b.Context(), int64(call)*7919%int64(n))
			}}
		}
		gets.Sides = append(gets.Sides, over(func(ctx context.Context, id int64) error {
			_, err := s.sliding(ctx, id)
			return err
		}))
		sets.Sides = append(sets.Sides, over(func(ctx context.Context, id int64) error {
			return s.set(ctx, id, payload.Small.User)
		}))
	}
	for _, c := range []measure.Case{gets, sets} {
		results, err := plan.Run(c)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range results {
			t.Add(c.Labels[0], r.Name, fmt.Sprintf("%.1f", r.Nanos.Median/1e3),
				fmt.Sprintf("%.2f (%.2f–%.2f)", r.Ratio.Median, r.Ratio.Q1, r.Ratio.Q3))
			if r.Ratio.Median > maxGrowth && !*quick {
				b.breaks("%s over %s records takes %.2f times as long as over %d, %.1f is allowed",
					c.Labels[0], r.Name, r.Ratio.Median, lengths[0], maxGrowth)
			}
		}
	}
	return t
}
