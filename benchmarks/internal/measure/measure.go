// Package measure compares implementations of one operation on a machine that
// does not stand still: they take turns in short slices, and what is compared is
// the slices of one round, a moment apart.
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

	// Op runs the operation once. n counts the calls, for an Op that is to use
	// another key each time.
	Op func(n int) error
}

// Case is a comparison. Its first side is the floor that the others are held
// against.
type Case struct {
	Labels []string // what is measured, one per column: "Get, Active", "json", "1 KB"
	Sides  []Side
}

// Plan says how long to measure.
type Plan struct {
	Rounds int           // slices of each side
	Slice  time.Duration // of the floor; the others make as many calls

	// Each times every call by itself too, for Result.P50 and P99. That is two
	// looks at the clock in each call, so it is for calls of microseconds.
	Each bool

	// Before is called before each round, unless it is nil; its error ends the run.
	Before func() error
}

// Stat is a median and the quartiles around it.
type Stat struct{ Median, Q1, Q3 float64 }

// Result is what a side costs per call.
type Result struct {
	Name  string
	Nanos Stat // time

	// Ratio and Extra compare the time with the floor's, round by round. So noise
	// that lasts longer than a round, on both sides alike, is not in them.
	Ratio Stat
	Extra Stat // in nanoseconds

	// Allocations of the whole process, and their bytes: medians of the slices.
	Allocs, Bytes float64

	// P50 and P99 are percentiles of the single calls of all rounds, in
	// nanoseconds; zero without Plan.Each.
	P50, P99 float64
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
			// Each round begins with another side: none always runs in the wake, and
			// pays for the garbage, of the same other one.
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
			var each []float64
			for _, s := range own {
				each = append(each, s.each...)
			}
			slices.Sort(each)
			results[i].P50, results[i].P99 = quantile(each, 0.5), quantile(each, 0.99)
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
		each = make([]float64, calls) // now, so that it is no allocation of the side's
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

// Summarize returns the median and the quartiles of values, and sorts them. No
// values have the zero Stat.
func Summarize(values []float64) Stat {
	if len(values) == 0 {
		return Stat{}
	}
	slices.Sort(values)
	return Stat{Median: quantile(values, 0.5), Q1: quantile(values, 0.25),
		Q3: quantile(values, 0.75)}
}

// quantile is linear between the two nearest ranks of sorted values.
func quantile(values []float64, q float64) float64 {
	pos := q * float64(len(values)-1)
	low := int(pos)
	high := min(low+1, len(values)-1)
	return values[low] + (pos-float64(low))*(values[high]-values[low])
}
