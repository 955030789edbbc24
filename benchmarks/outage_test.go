package main_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

const (
	outageClients = 20
	outageKeys    = 10 // per client; no two clients share a key, so none waits for another's load
	outageLoad    = 5 * time.Millisecond
	outageFor     = 4 * time.Second
	outageBegins  = time.Second // after the fault; the throughput counts from then on
	backWindow    = 100 * time.Millisecond
	leastBackHits = 0.9 // of the calls of a window; then hits are back
	backLimit     = 8 * time.Second
	outageMaxTail = outageLoad + cache.DefaultPatience
)

// slow is a loader that takes outageLoad.
func slow(context.Context, int64) (User, error) {
	time.Sleep(outageLoad)
	return payload.Small.User, nil
}

// made is one call of a client.
type made struct {
	end    time.Time
	took   time.Duration
	loaded bool
	err    error
}

// clients start goroutines that call do without a pause. Each has its own ids. stop ends them and
// returns their calls.
func clients(do func(id int64) (loaded bool, err error)) (stop func() []made) {
	var over atomic.Bool
	var wg sync.WaitGroup
	all := make([][]made, outageClients)
	for c := range all {
		wg.Go(func() {
			for n := 0; !over.Load(); n++ {
				begun := time.Now()
				loaded, err := do(int64(c*outageKeys + n%outageKeys))
				end := time.Now()
				all[c] = append(all[c], made{end, end.Sub(begun), loaded, err})
			}
		})
	}
	return func() []made {
		over.Store(true)
		wg.Wait()
		return slices.Concat(all...)
	}
}

// endedIn returns the calls that ended after from and not after to.
func endedIn(calls []made, from, to time.Time) []made {
	var some []made
	for _, c := range calls {
		if c.end.After(from) && !c.end.After(to) {
			some = append(some, c)
		}
	}
	return some
}

// tail returns a percentile of the durations of calls.
func tail(calls []made, percent int) time.Duration {
	took := make([]time.Duration, len(calls))
	for i, c := range calls {
		took[i] = c.took
	}
	slices.Sort(took)
	return took[len(took)*percent/100]
}

// outageResult is what the clients saw of one outage.
type outageResult struct {
	alone, out float64 // calls per second: of the loader alone, and in the outage
	p50, p99   time.Duration
	longest    time.Duration
	failed     int
	back       time.Duration // from the return of Redis until hits are back
	first      string        // the first error
}

// outageRun lets clients read, calls lose and, outageFor later, restore.
func outageRun(t *testing.T, lose, restore func(*redistest.Server, testing.TB)) outageResult {
	t.Helper()
	s := redistest.Start(t)
	users, err := cache.New[int64](ownClient(t, s), "outage", codec.JSON[User]{},
		&cache.Options{TTL: ttl.Active(hour)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = users.Close() })
	ctx := t.Context()

	begun := time.Now()
	stop := clients(func(id int64) (bool, error) { _, err := slow(ctx, id); return true, err })
	time.Sleep(outageFor / 2)
	var r outageResult
	r.alone = float64(len(stop())) / time.Since(begun).Seconds()

	stop = clients(func(id int64) (bool, error) {
		var loaded atomic.Bool
		_, err := users.GetOrLoad(ctx, id, func(ctx context.Context, id int64) (User, error) {
			loaded.Store(true)
			return slow(ctx, id)
		})
		return loaded.Load(), err
	})
	time.Sleep(time.Second) // now the records are in Redis, and the clients read them
	gone := time.Now()
	lose(s, t)
	time.Sleep(outageFor)
	restored := time.Now()
	restore(s, t)
	time.Sleep(maxRecovery + time.Second)
	calls := stop()

	during := endedIn(calls, gone.Add(outageBegins), restored)
	r.out = float64(len(during)) / restored.Sub(gone.Add(outageBegins)).Seconds()
	during = endedIn(calls, gone, restored)
	r.p50, r.p99 = tail(during, 50), tail(during, 99)
	for _, c := range endedIn(calls, gone, time.Now()) {
		r.longest = max(r.longest, c.took)
		if c.err != nil {
			if r.failed++; r.first == "" {
				r.first = c.err.Error()
			}
		}
	}
	for r.back = backWindow; r.back < backLimit; r.back += backWindow {
		window := endedIn(calls, restored.Add(r.back-backWindow), restored.Add(r.back))
		hits := 0
		for _, c := range window {
			if !c.loaded && c.err == nil {
				hits++
			}
		}
		if hits > 0 && float64(hits) >= leastBackHits*float64(len(window)) {
			break
		}
	}
	return r
}

// outage measures the throughput while Redis does not answer.
func (b *bounds) outage() *report.Table {
	turns := 5
	if *quick {
		turns = 1
	}
	t := &report.Table{
		Title: "Without Redis", Labels: 1,
		Note: fmt.Sprintf("%d goroutines each read their own records via GetOrLoad. The client is "+
			"from cache.Config, the LoadConfig is the default, and the loader takes %v. Redis is "+
			"lost for %v. Throughput counts after the first %v; the ratio is to the loader alone "+
			"in the same run. Percentiles are of all calls that ended in the outage. The longest "+
			"is of all calls that ended after Redis was lost. Hits are back at the end of the "+
			"first %v in which %.0f %% of the calls are hits. That time starts with SIGCONT, or "+
			"with the start of the new process, which is empty. Medians of %d runs. "+
			"Bounds: ratio at least %.1f; p99 below %v; hits within %v; no errors.",
			outageClients, outageLoad, outageFor, outageBegins, backWindow, leastBackHits*100,
			turns, leastOutage, outageMaxTail, maxRecovery),
		Head: []string{"Redis is", "loader alone/s", "GetOrLoad/s", "ratio (quartiles)", "p50 ms",
			"p99 ms", "longest ms", "hits back s", "errors"},
	}
	for _, c := range []struct {
		label         string
		lose, restore func(*redistest.Server, testing.TB)
	}{
		{"killed (kill -9)", func(s *redistest.Server, _ testing.TB) { s.Kill() },
			func(s *redistest.Server, tb testing.TB) { s.Restart(tb) }},
		{"stopped (SIGSTOP)", func(s *redistest.Server, tb testing.TB) { s.Pause(tb) },
			func(s *redistest.Server, tb testing.TB) { s.Resume(tb) }},
	} {
		var alone, out, ratio, p50, p99, longest, back []float64
		failed := 0
		for turn := range turns {
			b.Run(fmt.Sprintf("%s %d", c.label, turn), func(t *testing.T) {
				r := outageRun(t, c.lose, c.restore)
				alone, out = append(alone, r.alone), append(out, r.out)
				ratio = append(ratio, r.out/r.alone)
				p50, p99 = append(p50, float64(r.p50)), append(p99, float64(r.p99))
				longest = append(longest, float64(r.longest))
				back = append(back, r.back.Seconds())
				if failed += r.failed; r.failed > 0 {
					b.breaks("Redis %s: %d calls fail, the first: %s", c.label, r.failed, r.first)
				}
			})
		}
		median := func(values []float64) float64 { return measure.Summarize(values).Median }
		ratios := measure.Summarize(ratio)
		t.Add(c.label, fmt.Sprintf("%.0f", median(alone)), fmt.Sprintf("%.0f", median(out)),
			spread(ratios), millis(median(p50)), millis(median(p99)), millis(median(longest)),
			fmt.Sprintf("%.1f", median(back)), fmt.Sprint(failed))
		if !*quick && ratios.Median < leastOutage {
			b.breaks("Redis %s: throughput is %.2f times that of the loader alone, at least %.1f "+
				"is promised", c.label, ratios.Median, leastOutage)
		}
		if p := time.Duration(median(p99)); p >= outageMaxTail {
			b.breaks("Redis %s: p99 is %v, below %v is promised", c.label, p, outageMaxTail)
		}
		if s := median(back); s > maxRecovery.Seconds() {
			b.breaks("Redis %s: hits are back after %.1f s, %v is promised", c.label, s,
				maxRecovery)
		}
	}
	return t
}
