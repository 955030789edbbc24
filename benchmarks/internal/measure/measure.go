// Package measure compares implementations of one operation on a machine that does other work too.
// They take turns in short slices. The slices of one round are only a moment apart, so it compares
// those.
package measure

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Side is one implementation of an operation.
type Side struct {
	Name string

	// Op runs the operation once. n counts the calls, so that Op can use another key each time.
	Op func(n int) error
}

// Case is a comparison. The first side is the floor: the others are compared with it.
type Case struct {
	Labels []string // what is measured, one per column: "Get, Active", "json", "1 KB"
	Sides  []Side
}

// Plan says how long to measure.
type Plan struct {
	Rounds int           // slices of each side
	Slice  time.Duration // of the floor; the others make as many calls

	// Each also times every single call, for Result.P50 and P99. That reads the clock twice for
	// each call, so use it only for calls that take microseconds or more.
	Each bool

	// Before, if not nil, is called before each round. Its error ends the run.
	Before func() error
}

// Stat is a median with the lower and the upper quartile.
type Stat struct{ Median, Q1, Q3 float64 }

// Result is the cost of a side, per call.
type Result struct {
	Name  string
	Nanos Stat // time

	// Ratio and Extra compare the time with the floor's, round by round. Noise that lasts longer
	// than a round slows both sides alike, so it cancels out.
	Ratio Stat
	Extra Stat // in nanoseconds

	// Allocations of the whole process, and their bytes: medians of the slices.
	Allocs, Bytes float64

	// Times of single calls, in nanoseconds; zero without Plan.Each. P50 has the median and the
	// quartiles of the rounds' p50. P99 is a percentile of the calls of all rounds, because one
	// round has too few calls for it.
	P50 Stat
	P99 float64
}

// Run measures the sides of c. The first result is the floor's.
func (p Plan) Run(c Case) ([]Result, error) {
	calls, err := p.calls(c)
	if err != nil {
		return nil, err
	}
	samples := make([][]sample, len(c.Sides))
	for round := range p.Rounds {
		if p.Before != nil {
			if err := p.Before(); err != nil {
				return nil, err
			}
		}
		for i := range c.Sides {
			// Each round begins with another side, so that none always runs after the same
			// one and pays for its garbage.
			turn := (round + i) % len(c.Sides)
			s, err := p.take(c.Sides[turn], round*calls, calls)
			if err != nil {
				return nil, err
			}
			samples[turn] = append(samples[turn], s)
		}
	}
	results := make([]Result, len(c.Sides))
	for i, side := range c.Sides {
		own, floor := samples[i], samples[0]
		stat := func(f func(round int) float64) Stat {
			values := make([]float64, p.Rounds)
			for round := range values {
				values[round] = f(round)
			}
			return Summarize(values)
		}
		results[i] = Result{
			Name:   side.Name,
			Nanos:  stat(func(r int) float64 { return own[r].nanos }),
			Ratio:  stat(func(r int) float64 { return own[r].nanos / floor[r].nanos }),
			Extra:  stat(func(r int) float64 { return own[r].nanos - floor[r].nanos }),
			Allocs: stat(func(r int) float64 { return own[r].allocs }).Median,
			Bytes:  stat(func(r int) float64 { return own[r].bytes }).Median,
		}
		if p.Each {
			var each, p50 []float64
			for _, s := range own {
				slices.Sort(s.each)
				each, p50 = append(each, s.each...), append(p50, quantile(s.each, 0.5))
			}
			slices.Sort(each)
			results[i].P50, results[i].P99 = Summarize(p50), quantile(each, 0.99)
		}
	}
	return results, nil
}

// calls warms every side up and returns how many calls of the floor fill a slice.
func (p Plan) calls(c Case) (int, error) {
	n := 0
	for i, side := range c.Sides {
		made := 0
		for start := time.Now(); time.Since(start) < p.Slice || made < 3; made++ {
			if err := side.Op(made); err != nil {
				return 0, fmt.Errorf("%v, %s: %w", c.Labels, side.Name, err)
			}
		}
		if i == 0 {
			n = made
		}
	}
	return n, nil
}

type sample struct {
	nanos, allocs, bytes float64
	each                 []float64
}

func (p Plan) take(side Side, first, calls int) (sample, error) {
	var each []float64
	if p.Each {
		each = make([]float64, calls) // before ReadMemStats, which must not count it
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for i := range calls {
		var called time.Time
		if p.Each {
			called = time.Now()
		}
		if err := side.Op(first + i); err != nil {
			return sample{}, fmt.Errorf("%s: %w", side.Name, err)
		}
		if p.Each {
			each[i] = float64(time.Since(called))
		}
	}
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	n := float64(calls)
	return sample{
		nanos:  float64(elapsed.Nanoseconds()) / n,
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
		each:   each,
	}, nil
}

// Summarize returns the median and the quartiles of values, and sorts values. Without values it
// returns the zero Stat.
func Summarize(values []float64) Stat {
	if len(values) == 0 {
		return Stat{}
	}
	slices.Sort(values)
	return Stat{Median: quantile(values, 0.5), Q1: quantile(values, 0.25),
		Q3: quantile(values, 0.75)}
}

// quantile interpolates linearly between the two nearest ranks of sorted values.
func quantile(values []float64, q float64) float64 {
	pos := q * float64(len(values)-1)
	low := int(pos)
	high := min(low+1, len(values)-1)
	return values[low] + (pos-float64(low))*(values[high]-values[low])
}
