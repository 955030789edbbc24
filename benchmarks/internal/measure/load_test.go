package measure

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const unit = time.Millisecond
		var commands atomic.Int64
		load := Load{Goroutines: 8, Rounds: 5, Slice: 100 * unit, Server: func() (Work, error) {
			n := float64(commands.Load())
			return Work{Commands: n, Micros: 3 * n}, nil
		}}
		results, err := load.Run([]Side{
			{"floor", func(int) error { time.Sleep(unit); commands.Add(1); return nil }},
			{"twice", func(n int) error { time.Sleep(2 * unit); commands.Add(2); return nil }},
			{"one in 50 is slow", func(n int) error {
				if time.Sleep(unit); n%50 == 0 {
					time.Sleep(10 * unit)
				}
				return nil
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		floor, twice, tail := results[0], results[1], results[2]
		if r := floor.Rate(); r != (Stat{8000, 8000, 8000}) || len(floor.Rates) != 5 {
			t.Errorf("floor: %v of %d rounds, want 8 calls a millisecond in each of 5", r,
				len(floor.Rates))
		}
		if r := twice.Beside(floor); r != (Stat{0.5, 0.5, 0.5}) {
			t.Errorf("twice beside the floor: %v, want half", r)
		}
		if twice.P50 != float64(2*unit) || twice.P99 != float64(2*unit) ||
			tail.P50 != float64(unit) || tail.P99 != float64(11*unit) {
			t.Errorf("percentiles %v, %v and %v, %v", twice.P50, twice.P99, tail.P50, tail.P99)
		}
		if floor.Work != (Work{1, 3}) || twice.Work != (Work{2, 6}) {
			t.Errorf("work of the server %v and %v, want one command and two", floor.Work,
				twice.Work)
		}
	})
}

func TestLoadWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const unit = time.Millisecond
		load := Load{Goroutines: 8, Rounds: 3, Slice: 100*unit - unit/2, Whole: true}
		results, err := load.Run([]Side{
			{"floor", func(int) error { time.Sleep(unit); return nil }},
			{"twice", func(int) error { time.Sleep(2 * unit); return nil }},
		})
		if err != nil {
			t.Fatal(err)
		}
		floor, twice := results[0], results[1]
		if floor.Rate() != (Stat{8000, 8000, 8000}) || floor.Beside(twice) != (Stat{2, 2, 2}) {
			t.Errorf("rates %v and %v, want 8 calls a millisecond and half of them", floor.Rates,
				twice.Rates)
		}
		if floor.P50 != 0 || floor.P99 != 0 {
			t.Errorf("percentiles %v, %v of calls that were not timed", floor.P50, floor.P99)
		}
	})
}

func TestLoadReportsErrors(t *testing.T) {
	bad := errors.New("bad")
	fine := Side{"side", func(int) error { time.Sleep(time.Millisecond); return nil }}
	for name, l := range map[string]struct {
		side   Side
		server func() (Work, error)
	}{
		"side":   {Side{"side", func(n int) error { return bad }}, nil},
		"server": {fine, func() (Work, error) { return Work{}, bad }},
	} {
		for _, whole := range []bool{false, true} {
			_, err := Load{Goroutines: 2, Rounds: 1, Slice: time.Millisecond, Whole: whole,
				Server: l.server}.Run([]Side{l.side})
			if !errors.Is(err, bad) {
				t.Errorf("%s, whole %v: error %v, want %v", name, whole, err, bad)
			}
		}
	}
}
