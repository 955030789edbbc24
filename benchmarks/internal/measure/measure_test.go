package measure

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestSummarize(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []float64
		want   Stat
	}{
		{"none", nil, Stat{}},
		{"one", []float64{7}, Stat{7, 7, 7}},
		{"even", []float64{4, 1, 3, 2}, Stat{2.5, 1.75, 3.25}},
		{"odd", []float64{50, 10, 30, 20, 40}, Stat{30, 20, 40}},
		{"an outlier moves nothing", []float64{1, 1, 1, 1, 1e9}, Stat{1, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Summarize(tt.values); got != tt.want {
				t.Errorf("Summarize(%v) = %v, want %v", tt.values, got, tt.want)
			}
		})
	}
}

var sink []byte

// The cost of the sides is known: the clock of a synctest bubble moves only when they sleep.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const unit = 20 * time.Microsecond
		results, err := Plan{Rounds: 51, Slice: time.Millisecond}.Run(Case{Sides: []Side{
			{"floor", func(int) error { time.Sleep(unit); return nil }},
			{"twice", func(int) error {
				time.Sleep(2 * unit)
				sink = make([]byte, 100)
				sink = make([]byte, 100)
				return nil
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		floor, twice := results[0], results[1]
		if floor.Name != "floor" || floor.Ratio != (Stat{1, 1, 1}) || floor.Extra != (Stat{}) {
			t.Errorf("floor: %+v, want a ratio of 1 and no extra", floor)
		}
		if twice.Ratio != (Stat{2, 2, 2}) || twice.Extra.Median != float64(unit) {
			t.Errorf("twice: %+v, want a ratio of 2", twice)
		}
		if d := twice.Allocs - floor.Allocs; d < 1.9 || d > 2.1 {
			t.Errorf("%v allocations more, want 2", d)
		}
		if d := twice.Bytes - floor.Bytes; d < 200 || d > 300 {
			t.Errorf("%v bytes more, want 2 of 112", d)
		}
	})
}

func TestRunTimesEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 64 // of the first side in a slice: 4 of 10 ms, 60 of 1 ms
		results, err := Plan{Rounds: 10, Slice: 100 * time.Millisecond,
			Each: true}.Run(Case{Sides: []Side{
			{"one in 20 is slow", func(n int) error {
				d := time.Millisecond
				if n%20 == 0 {
					d = 10 * time.Millisecond
				}
				time.Sleep(d)
				return nil
			}},
			{"slower each round", func(n int) error {
				time.Sleep(time.Duration(1+n/calls) * time.Millisecond)
				return nil
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		const ms = float64(time.Millisecond)
		if r := results[0]; r.P50 != (Stat{ms, ms, ms}) || r.P99 != 10*ms {
			t.Errorf("p50 %v, p99 %v, want 1 ms and 10 ms", r.P50, r.P99)
		}
		if r := results[1]; r.P50 != (Stat{5.5 * ms, 3.25 * ms, 7.75 * ms}) || r.P99 != 10*ms {
			t.Errorf("p50 %v, p99 %v, want those of rounds of 1 to 10 ms", r.P50, r.P99)
		}
	})
}

func TestRunAsksBeforeEachRound(t *testing.T) {
	stop := errors.New("stop")
	rounds, calls := 0, 0
	_, err := Plan{Rounds: 10, Before: func() error {
		if rounds++; rounds == 4 {
			return stop
		}
		return nil
	}}.Run(Case{Sides: []Side{{"side", func(int) error { calls++; return nil }}}})
	// a warm-up of three calls, then rounds of as many
	if err != stop || rounds != 4 || calls != 3+3*3 {
		t.Errorf("error %v after %d rounds and %d calls, want %v after 4 and 12", err, rounds,
			calls, stop)
	}
}

func TestRunTakesTurns(t *testing.T) {
	var order []string
	note := func(name string) Side {
		return Side{name, func(int) error {
			if len(order) == 0 || order[len(order)-1] != name {
				order = append(order, name)
			}
			return nil
		}}
	}
	if _, err := (Plan{Rounds: 4,
		Slice: time.Millisecond}).Run(Case{Sides: []Side{note("a"), note("b")}}); err != nil {
		t.Fatal(err)
	}
	// The warm-up, then ab ba ab ba, in which neighbours run together.
	want := []string{"a", "b", "a", "b", "a", "b", "a"}
	if len(order) != len(want) {
		t.Errorf("turns %v, want %v", order, want)
	}
}

func TestRunReportsErrors(t *testing.T) {
	bad := errors.New("bad")
	calls := 0
	for _, after := range []int{0, 50} {
		_, err := Plan{Rounds: 1000,
			Slice: time.Millisecond}.Run(Case{Sides: []Side{{"side", func(int) error {
			if calls++; calls > after {
				return bad
			}
			return nil
		}}}})
		if !errors.Is(err, bad) {
			t.Errorf("error %v after %d calls, want %v", err, after, bad)
		}
	}
}
