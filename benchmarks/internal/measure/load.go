package measure

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load measures sides with concurrent calls. It is a closed loop: each goroutine makes the next
// call when it has the answer to the last one.
type Load struct {
	Goroutines int
	Rounds     int           // slices of each side
	Slice      time.Duration // of each side; it must be much longer than a call

	// Whole times slices and not single calls, so P50 and P99 are zero. Use it for calls that take
	// less than a microsecond: to read the clock takes a large part of that.
	Whole bool

	// Server, if not nil, returns the work of the server so far.
	Server func() (Work, error)
}

// Work is the work of a server: commands, and µs of their execution.
type Work struct{ Commands, Micros float64 }

// Loaded is the result of a side under a Load.
type Loaded struct {
	Name     string
	Rates    []float64 // calls per second, by round
	P50, P99 float64   // time of a call in nanoseconds: medians of the slices

	// Allocations of the whole process and work of the server, per call: medians of the slices.
	Allocs float64
	Work   Work
}

// Rate is the throughput, in calls per second.
func (l Loaded) Rate() Stat { return Summarize(slices.Clone(l.Rates)) }

// Beside is the throughput divided by that of other, round by round.
func (l Loaded) Beside(other Loaded) Stat {
	ratios := make([]float64, len(l.Rates))
	for round := range ratios {
		ratios[round] = l.Rates[round] / other.Rates[round]
	}
	return Summarize(ratios)
}

// Run measures the sides, which take turns in slices. Op must be safe for concurrent use. Each
// goroutine begins with another n.
func (l Load) Run(sides []Side) ([]Loaded, error) {
	slicesOf := make([][]slice, len(sides))
	// reused by all slices, so that they are allocated once
	times := make([][]time.Duration, l.Goroutines)
	for round := range l.Rounds + 1 {
		for i := range sides {
			turn := (round + i) % len(sides)
			s, err := l.take(sides[turn], times)
			if err != nil {
				return nil, fmt.Errorf("%s, %d goroutines: %w", sides[turn].Name, l.Goroutines, err)
			}
			if round > 0 { // the first round is a warm-up
				slicesOf[turn] = append(slicesOf[turn], s)
			}
		}
	}
	results := make([]Loaded, len(sides))
	for i, side := range sides {
		median := func(f func(s slice) float64) float64 {
			values := make([]float64, l.Rounds)
			for round, s := range slicesOf[i] {
				values[round] = f(s)
			}
			return Summarize(values).Median
		}
		results[i] = Loaded{
			Name:   side.Name,
			P50:    median(func(s slice) float64 { return s.p50 }),
			P99:    median(func(s slice) float64 { return s.p99 }),
			Allocs: median(func(s slice) float64 { return s.allocs }),
			Work: Work{
				Commands: median(func(s slice) float64 { return s.work.Commands }),
				Micros:   median(func(s slice) float64 { return s.work.Micros }),
			},
		}
		for _, s := range slicesOf[i] {
			results[i].Rates = append(results[i].Rates, s.rate)
		}
	}
	return results, nil
}

// slice has the figures of one slice of a side. All but rate are per call.
type slice struct {
	rate, p50, p99, allocs float64
	work                   Work
}

func (l Load) take(side Side, times [][]time.Duration) (slice, error) {
	work := l.Server
	if work == nil {
		work = func() (Work, error) { return Work{}, nil }
	}
	did, err := work()
	if err != nil {
		return slice{}, err
	}
	made, errs := make([]int, l.Goroutines), make([]error, l.Goroutines)
	var over atomic.Bool
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	if l.Whole {
		defer time.AfterFunc(l.Slice, func() { over.Store(true) }).Stop()
	}
	var wg sync.WaitGroup
	for g := range l.Goroutines {
		wg.Go(func() {
			first := g * 7919 // a prime, so that the goroutines do not use the same keys in step
			if l.Whole {
				made[g], errs[g] = untimed(side.Op, first, &over)
				return
			}
			times[g], errs[g] = timed(side.Op, first, start, l.Slice, times[g][:0])
			made[g] = len(times[g])
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	for _, err := range errs {
		if err != nil {
			return slice{}, err
		}
	}
	done, err := work()
	if err != nil {
		return slice{}, err
	}
	calls := 0.0
	for _, n := range made {
		calls += float64(n)
	}
	s := slice{
		rate:   calls / elapsed.Seconds(),
		allocs: float64(after.Mallocs-before.Mallocs) / calls,
		work:   Work{(done.Commands - did.Commands) / calls, (done.Micros - did.Micros) / calls},
	}
	if !l.Whole {
		all := slices.Concat(times...)
		slices.Sort(all)
		s.p50, s.p99 = float64(all[len(all)/2]), float64(all[len(all)*99/100])
	}
	return s, nil
}

// timed calls op until the slice is over, and returns how long each call took.
func timed(
	op func(int) error, n int, start time.Time, slice time.Duration, took []time.Duration,
) ([]time.Duration, error) {
	for at := start; at.Sub(start) < slice; n++ {
		if err := op(n); err != nil {
			return took, err
		}
		now := time.Now()
		took, at = append(took, now.Sub(at)), now
	}
	return took, nil
}

// untimed calls op until the slice is over, and returns how many calls it made.
func untimed(op func(int) error, n int, over *atomic.Bool) (made int, err error) {
	for ; !over.Load(); made++ {
		if err := op(n + made); err != nil {
			return made, err
		}
	}
	return made, nil
}
