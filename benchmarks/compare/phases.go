package compare

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
)

// phases are what is measured, one after another, of all codecs of a group in turns.
var phases = []struct {
	name string
	mode mode
	op   func(context.Context, *runner) func(i int) error // on record i
	note func(*Figures, measure.Result)
}{
	{"Encode", bySlice, encoding, func(f *Figures, m measure.Result) { f.Encode = costOf(m) }},
	{"Decode", bySlice, decoding, func(f *Figures, m measure.Result) { f.Decode = costOf(m) }},
	{"Set", byCall, setting, func(f *Figures, m measure.Result) {
		f.Set.P50, f.Set.P99 = nanos(m.P50), nanos(m.P99)
	}},
	{"Get", byCall, getting, func(f *Figures, m measure.Result) {
		f.Get.P50, f.Get.P99 = nanos(m.P50), nanos(m.P99)
	}},
	{"Set, parallel", byBurst, setting, func(f *Figures, m measure.Result) {
		f.Set.PerSecond = perSecond(m)
	}},
	{"Get, parallel", byBurst, getting, func(f *Figures, m measure.Result) {
		f.Get.PerSecond = perSecond(m)
	}},
}

// mode is what one look at the clock is for.
type mode int

const (
	bySlice mode = iota // many calls
	byCall              // each call
	byBurst             // the calls of some goroutines at the same time
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
		calls := 1 // of a goroutine between two looks at the clock
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
				results[i].Nanos.Median /= float64(Parallel * calls)
			}
			p.note(c.figures, results[i])
		}
	}
	return nil
}

// burst returns how many calls a goroutine makes in a burst: enough that starting the goroutines
// costs nothing beside them, and so few, of large records, that a slice stays one.
func burst(runners []*runner) int {
	slowest := time.Duration(1)
	for _, c := range runners {
		slowest = max(slowest, c.figures.Set.P50, c.figures.Get.P50) // measured just before
	}
	return int(min(maxBurst, max(1, slice/3/slowest)))
}

// together returns an op that makes a burst of calls of op, by Parallel goroutines.
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
	return Cost{Time: nanos(m.Nanos.Median), Allocs: round1(m.Allocs)}
}

func round1(x float64) float64 { return math.Round(10*x) / 10 }

func nanos(ns float64) time.Duration { return time.Duration(math.Round(ns)) }

func perSecond(m measure.Result) float64 {
	return math.Round(float64(time.Second) / m.Nanos.Median)
}
