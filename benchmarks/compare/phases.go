package compare

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
)

// phases are the measurements, in their order. In each, all codecs of a group take turns.
var phases = []struct {
	name string
	mode mode
	op   func(context.Context, *runner) func(i int) error // a call with record i
	note func(*Figures, measure.Result)
}{
	{"Encode", bySlice, encoding, func(f *Figures, m measure.Result) { f.Encode = costOf(m) }},
	{"Decode", bySlice, decoding, func(f *Figures, m measure.Result) { f.Decode = costOf(m) }},
	{"Set", byCall, setting, func(f *Figures, m measure.Result) { f.Set.time(m) }},
	{"Get", byCall, getting, func(f *Figures, m measure.Result) { f.Get.time(m) }},
	{"Set, parallel", byBurst, setting, func(f *Figures, m measure.Result) { f.Set.count(m) }},
	{"Get, parallel", byBurst, getting, func(f *Figures, m measure.Result) { f.Get.count(m) }},
}

// mode says what is timed as a whole.
type mode int

const (
	bySlice mode = iota // a slice of many calls
	byCall              // each call
	byBurst             // a burst of calls by Parallel goroutines
)

func encoding(_ context.Context, c *runner) func(int) error { return c.subject.encode }

func decoding(_ context.Context, c *runner) func(int) error {
	return func(i int) error { return c.subject.decode(c.encoded[i]) }
}

func setting(ctx context.Context, c *runner) func(int) error {
	return func(i int) error { return c.store.set(ctx, i) }
}

func getting(ctx context.Context, c *runner) func(int) error {
	return func(i int) error { return c.store.get(ctx, i) }
}

// measure fills in the figures of the runners, which have n records each.
func (r *run) measure(ctx context.Context, n int, runners []*runner) error {
	for _, p := range phases {
		calls := 1 // of each goroutine in a burst
		if p.mode == byBurst {
			calls = burst(runners)
		}
		plan := measure.Plan{Rounds: r.Rounds, Slice: slice, Each: p.mode == byCall,
			Before: func() error {
				r.Progress(r.done, r.total)
				r.done++
				return ctx.Err()
			}}
		comparison := measure.Case{Labels: []string{p.name}}
		for _, c := range runners {
			op := p.op(ctx, c)
			round := func(call int) error { return op(call % n) }
			if p.mode == byBurst {
				round = together(round, calls)
			}
			comparison.Sides = append(comparison.Sides,
				measure.Side{Name: c.figures.Name, Op: round})
		}
		results, err := plan.Run(comparison)
		if err != nil {
			return err
		}
		for i, c := range runners {
			if p.mode == byBurst {
				n := float64(Parallel * calls)
				results[i].Nanos.Median /= n
				results[i].Nanos.Q1 /= n
				results[i].Nanos.Q3 /= n
			}
			p.note(c.figures, results[i])
		}
	}
	return nil
}

// burst returns the number of calls that each goroutine makes in a burst. Many calls make the start
// of the goroutines cheap in comparison. With large records there are fewer, so that a burst takes
// no more than about a slice.
func burst(runners []*runner) int {
	slowest := time.Duration(1)
	for _, c := range runners {
		slowest = max(slowest, c.figures.Set.P50, c.figures.Get.P50) // of the phases before
	}
	return int(min(maxBurst, max(1, slice/3/slowest)))
}

// together returns an op that makes a burst of calls of op with Parallel goroutines.
func together(op func(call int) error, burst int) func(int) error {
	return func(n int) error {
		var wg sync.WaitGroup
		errs := make([]error, Parallel)
		for worker := range Parallel {
			wg.Go(func() {
				first := (n*Parallel + worker) * burst
				for i := range burst {
					if errs[worker] = op(first + i); errs[worker] != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}
}

func costOf(m measure.Result) Cost {
	return Cost{Time: nanos(m.Nanos.Median), Q1: nanos(m.Nanos.Q1), Q3: nanos(m.Nanos.Q3),
		Allocs: round1(m.Allocs)}
}

// time fills in the figures of single calls.
func (c *Calls) time(m measure.Result) {
	c.P50, c.P50Q1, c.P50Q3 = nanos(m.P50.Median), nanos(m.P50.Q1), nanos(m.P50.Q3)
	c.P99 = nanos(m.P99)
}

// count fills in the figures of parallel calls. The upper quartile of the times is the lower one of
// the rates.
func (c *Calls) count(m measure.Result) {
	c.PerSecond, c.PerSecondQ1, c.PerSecondQ3 =
		perSecond(m.Nanos.Median), perSecond(m.Nanos.Q3), perSecond(m.Nanos.Q1)
}

func round1(x float64) float64 { return math.Round(10*x) / 10 }

func nanos(ns float64) time.Duration { return time.Duration(math.Round(ns)) }

func perSecond(nanos float64) float64 { return math.Round(float64(time.Second) / nanos) }
