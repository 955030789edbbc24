package main_test

import (
	"context"
	"errors"
	"fmt"
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
	coldCallers = 250 // in each process
	coldLoad    = 200 * time.Millisecond
)

// cold is the result of one run of many callers of one cold key.
type cold struct {
	loads, failed int
	before        time.Duration // from the first caller's start until the loader's
	behind        time.Duration // from the start until the last caller returned, minus the load
}

// coldRun lets all processes of a fleet ask for one key. With cancel, the first caller of each
// process cancels half-way.
func coldRun(tb testing.TB, fleet []*cache.Cache[int64, User], id int64, cancel bool) cold {
	tb.Helper()
	var loads, failed atomic.Int64
	var before atomic.Int64
	begun := time.Now()
	loader := func(ctx context.Context, id int64) (User, error) {
		before.Store(int64(time.Since(begun)))
		loads.Add(1)
		select {
		case <-time.After(coldLoad):
			return payload.Small.User, nil
		case <-ctx.Done(): // as a database does
			return User{}, ctx.Err()
		}
	}
	var wg sync.WaitGroup
	call := func(ctx context.Context, users *cache.Cache[int64, User]) {
		_, err := users.GetOrLoad(ctx, id, loader)
		if err != nil {
			failed.Add(1)
		}
		if err != nil && !(cancel && errors.Is(err, context.DeadlineExceeded)) {
			tb.Error(err)
		}
	}
	others := coldCallers
	if cancel {
		others--
		for _, users := range fleet {
			wg.Go(func() {
				ctx, stop := context.WithTimeout(tb.Context(), coldLoad/2)
				defer stop()
				call(ctx, users)
			})
		}
		time.Sleep(5 * time.Millisecond) // so that they are the first callers
	}
	for range others {
		for _, users := range fleet {
			wg.Go(func() { call(tb.Context(), users) })
		}
	}
	wg.Wait()
	return cold{int(loads.Load()), int(failed.Load()), time.Duration(before.Load()),
		time.Since(begun) - coldLoad}
}

// coldKey measures many callers of one key that is not in the cache.
func (b *bounds) coldKey() *report.Table {
	turns := 5
	if *quick {
		turns = 3
	}
	t := &report.Table{
		Title: "One cold key", Labels: 1,
		Note: fmt.Sprintf("%d processes of %d goroutines all ask for one key at once. Each "+
			"process has its own client (from cache.Config) and its own cache. The loader takes "+
			"%v. The slowest caller is timed from the start of the first one, minus the load. "+
			"Each caller makes its own read, so the load starts after up to %[2]d GETs of its "+
			"process. Medians of %[4]d runs, and the worst. Bounds: 1 load; no errors except "+
			"those of callers that cancel; at most %[5]v behind the load if the connections "+
			"exist. There is no bound on the time where each process makes its connections first.",
			processes, coldCallers, coldLoad, turns, maxBehind),
		Head: []string{"Callers", "loads", "errors", "load starts after ms",
			"slowest behind load ms", "worst ms"},
	}
	s := redistest.Start(b.T)
	for _, c := range []struct {
		label        string
		warm, cancel bool
		errors       int
	}{
		{"connections exist", true, false, 0},
		{"new connections", false, false, 0},
		{"first caller of each process cancels half-way", true, true, processes},
	} {
		var before, behind []float64
		loads, failed := 0, 0
		for turn := range turns {
			b.Run(fmt.Sprintf("%s %d", c.label, turn), func(t *testing.T) { // closes the clients
				name := fmt.Sprintf("cold.%v.%v.%d", c.warm, c.cancel, turn)
				var fleet []*cache.Cache[int64, User]
				for range processes {
					fleet = append(fleet, newCache[int64](t, ownClient(t, s), name,
						codec.JSON[User]{}, ttl.Active(hour)))
				}
				if c.warm {
					coldRun(t, fleet, 0, false)
				}
				got := coldRun(t, fleet, 1, c.cancel)
				loads, failed = max(loads, got.loads), max(failed, got.failed)
				before = append(before, float64(got.before))
				behind = append(behind, float64(got.behind))
				if got.loads != 1 || got.failed != c.errors {
					b.breaks("%s: %d loads and %d errors, want 1 and %d", c.label, got.loads,
						got.failed, c.errors)
				}
			})
		}
		median := measure.Summarize(behind).Median // it also sorts behind
		t.Add(c.label, fmt.Sprint(loads), fmt.Sprint(failed),
			millis(measure.Summarize(before).Median), millis(median), millis(behind[len(behind)-1]))
		if !*quick && c.warm && median > float64(maxBehind) {
			b.breaks("%s: the slowest caller is %s ms behind the load, %v is allowed", c.label,
				millis(median), maxBehind)
		}
	}
	return t
}

func millis(nanos float64) string { return fmt.Sprintf("%.1f", nanos/1e6) }
