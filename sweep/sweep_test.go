package sweep_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activettl/rediscache/sweep"
)

func TestPause(t *testing.T) {
	for _, tt := range []struct {
		duty float64
		work time.Duration
		want time.Duration
	}{
		{1, time.Hour, 0},
		{0.5, 10 * time.Millisecond, 10 * time.Millisecond},
		{0.1, 3 * time.Millisecond, 27 * time.Millisecond},
		{0.001, time.Second, time.Second}, // bounded
	} {
		p, err := sweep.NewPass(sweep.Duty(tt.duty))
		if got := p.Pause(tt.work); err != nil || (got-tt.want).Abs() > time.Microsecond {
			t.Errorf("duty %v rests %v after %v, want %v (%v)", tt.duty, got, tt.work, tt.want, err)
		}
	}
}

func TestNewPass(t *testing.T) {
	p, err := sweep.NewPass()
	if err != nil || p.PageSize != sweep.DefaultPageSize || p.Duty != 1 || p.DryRun ||
		p.Every != 0 || p.Progress != nil {
		t.Errorf("without options: %+v, %v", p, err)
	}
	called := false
	p, err = sweep.NewPass(sweep.DryRun(), sweep.PageSize(7), sweep.Duty(0.2),
		sweep.Every(time.Minute), nil,
		sweep.OnProgress(func(sweep.Progress) { called = true }))
	if err != nil || !p.DryRun || p.PageSize != 7 || p.Duty != 0.2 || p.Every != time.Minute {
		t.Errorf("with all options: %+v, %v", p, err)
	}
	if p.Progress(sweep.Progress{}); !called {
		t.Error("OnProgress was lost")
	}
	for want, o := range map[string]sweep.Option{
		"PageSize 0":    sweep.PageSize(0),
		"PageSize 2001": sweep.PageSize(2001),
		"Duty 0 ":       sweep.Duty(0),
		"Duty -1 ":      sweep.Duty(-1),
		"Duty 1.5 ":     sweep.Duty(1.5),
		"Duty NaN ":     sweep.Duty(math.NaN()),
		"Every -1s":     sweep.Every(-time.Second),
	} {
		if _, err := sweep.NewPass(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewPass = %v, want an error with %q", err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	good := sweep.Periodic{Interval: time.Minute, MaxIdle: time.Minute}
	if err := good.Check(time.Hour); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(p *sweep.Periodic){
		"Interval 0s":         func(p *sweep.Periodic) { p.Interval = 0 },
		"Interval -1s":        func(p *sweep.Periodic) { p.Interval = -time.Second },
		"MaxIdle 0s":          func(p *sweep.Periodic) { p.MaxIdle = 0 },
		"MaxIdle 1h0m0s is t": func(p *sweep.Periodic) { p.MaxIdle = time.Hour },
		"Duty 2":              func(p *sweep.Periodic) { p.Duty = 2 },
		"PageSize -1":         func(p *sweep.Periodic) { p.PageSize = -1 },
	} {
		p := good
		change(&p)
		if err := p.Check(time.Hour); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want an error with %q", err, want)
		}
	}
}

// target is a cache whose passes take a time and end as told.
type target struct {
	mu    sync.Mutex
	begun []time.Time
	pass  func(n int, p sweep.Pass) error
}

func (g *target) Sweep(
	_ context.Context, maxIdle time.Duration, opts ...sweep.Option,
) (sweep.Result, error) {
	p, err := sweep.NewPass(opts...)
	if err != nil || maxIdle != 20*time.Minute {
		return sweep.Result{}, fmt.Errorf("maxIdle %v: %w", maxIdle, err)
	}
	g.mu.Lock()
	g.begun = append(g.begun, time.Now())
	n := len(g.begun)
	g.mu.Unlock()
	return sweep.Result{}, g.pass(n, p)
}

// passes runs a Periodic of an interval of an hour for a day, and returns when its
// passes began.
func passes(t *testing.T, pass func(n int, p sweep.Pass) error) (times []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		g := &target{pass: pass}
		sweep.Periodic{Interval: time.Hour, MaxIdle: 20 * time.Minute, PageSize: 9}.Run(ctx, g)
		// a pass may be under way
		if d := time.Since(begun); d < 24*time.Hour || d > 24*time.Hour+10*time.Minute {
			t.Errorf("Run returned after %v, want it to end with its context", d)
		}
		for _, at := range g.begun {
			times = append(times, at.Sub(begun))
		}
	})
	return times
}

// wantApart checks the first pass and the time from each pass to the next.
func wantApart(t *testing.T, times []time.Duration, want time.Duration) {
	t.Helper()
	if len(times) < 20 || times[0] >= time.Hour {
		t.Fatalf("the passes began at %v", times)
	}
	for i := range times[1:] {
		if d := times[i+1] - times[i]; d < want || d > want+time.Hour/50 {
			t.Errorf("pass %d began %v after the one before it, want %v", i+1, d, want)
		}
	}
}

func TestPeriodicRun(t *testing.T) {
	t.Run("a pass takes its time", func(t *testing.T) {
		wantApart(t, passes(t, func(_ int, p sweep.Pass) error {
			if p.Every != time.Hour || p.Duty != sweep.DefaultDuty || p.PageSize != 9 {
				t.Errorf("the pass is %+v", p)
			}
			time.Sleep(10 * time.Minute)
			return nil
		}), time.Hour)
	})
	t.Run("a pass fails", func(t *testing.T) {
		wantApart(t, passes(t, func(int, sweep.Pass) error {
			return context.DeadlineExceeded
		}), time.Hour)
	})
	t.Run("another process has the turn", func(t *testing.T) {
		wantApart(t, passes(t, func(int, sweep.Pass) error {
			return fmt.Errorf("wrapped: %w", &sweep.NotDueError{In: 30 * time.Minute})
		}), 30*time.Minute)
	})
	t.Run("a pass takes longer than the interval", func(t *testing.T) {
		if times := passes(t, func(n int, _ sweep.Pass) error {
			if n == 1 {
				time.Sleep(5 * time.Hour)
			}
			return nil
		}); len(times) < 18 || times[1]-times[0] > 5*time.Hour+time.Hour/50 {
			t.Errorf("the passes began at %v", times)
		}
	})
	t.Run("not all at once", func(t *testing.T) {
		first := map[time.Duration]bool{}
		for range 20 {
			first[passes(t, func(int, sweep.Pass) error {
				return nil
			})[0].Truncate(time.Minute)] = true
		}
		if len(first) < 5 {
			t.Errorf("20 sweepers began at %v", first)
		}
	})
}
