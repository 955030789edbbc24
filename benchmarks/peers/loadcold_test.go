package peers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
)

const (
	loadProcesses = 4
	loadCallers   = 250 // in each process
	loadTime      = 200 * time.Millisecond
	maxBehind     = 50 * time.Millisecond // the slowest caller behind the load
	patient       = 3 * time.Second       // deadline of the callers
)

// wait waits like a source does: for d, or until its context ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// coldKey measures many callers of one key that is not in the cache. Some of them cancel.
func (b *bench) coldKey() *report.Table {
	turns := 5
	if *quick {
		turns = 1
	}
	t := &report.Table{
		Title: "One cold key", Labels: 1,
		Note: fmt.Sprintf("%d processes of %d callers all ask for one key at once. Each process "+
			"has its own client and cache. The loader takes %v, and stops when its context ends. "+
			"The first caller of each process cancels half-way, so %d errors are expected. The "+
			"slowest caller is timed from the start of the first one, minus the load. The time "+
			"is negative where a cancelled caller makes the others fail: they return before "+
			"there is a value. Medians of %d runs. Bounds of rediscache: 1 load; %d errors; at "+
			"most %v behind the load.", loadProcesses, loadCallers, loadTime,
			loadProcesses, turns, loadProcesses, maxBehind),
		Head: []string{"Side", "loads", "errors", "slowest behind load ms"},
	}
	b.each("cold", func(test *testing.T, s loadSide) {
		var loads, failed, behind []float64
		for range turns {
			l, f, d := b.cold(test, s)
			loads, failed = append(loads, float64(l)), append(failed, float64(f))
			behind = append(behind, float64(d))
		}
		median := func(of []float64) float64 { return measure.Summarize(of).Median }
		t.Add(s.name, fmt.Sprint(median(loads)), fmt.Sprint(median(failed)),
			fmt.Sprintf("%.0f", median(behind)/1e6))
		if s.kind != ours {
			return
		}
		// The medians have sorted the slices, so the last value is the worst.
		if most, errs := loads[turns-1], failed[turns-1]; most != 1 || errs != loadProcesses {
			b.breaks("one cold key: %v loads and %v errors, want 1 and %d", most, errs,
				loadProcesses)
		}
		if late := time.Duration(median(behind)); late > maxBehind && !*quick {
			b.breaks("one cold key: the slowest caller is %v behind the load, %v is allowed", late,
				maxBehind)
		}
	})
	return t
}

func (b *bench) cold(t *testing.T, s loadSide) (loads, failed int64, behind time.Duration) {
	var loaded, errs atomic.Int64
	fleet := b.fleet(t, s, loadProcesses, func(ctx context.Context, id int64) (User, error) {
		if id == 0 { // for the connections; it is not counted
			return payload.Small.User, nil
		}
		loaded.Add(1)
		return payload.Small.User, wait(ctx, loadTime)
	})
	var wg sync.WaitGroup
	call := func(p process, id int64, deadline time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		defer cancel()
		if _, err := p.get(ctx, id); err != nil && id != 0 {
			errs.Add(1)
		}
	}
	for _, p := range fleet { // makes the connections
		for range loadCallers {
			wg.Go(func() { call(p, 0, patient) })
		}
	}
	wg.Wait()
	begun := time.Now()
	for _, p := range fleet {
		wg.Go(func() { call(p, 1, loadTime/2) })
	}
	time.Sleep(5 * time.Millisecond) // so that they are the first callers
	for range loadCallers - 1 {
		for _, p := range fleet {
			wg.Go(func() { call(p, 1, patient) })
		}
	}
	wg.Wait()
	return loaded.Load(), errs.Load(), time.Since(begun) - loadTime
}

// deleted shows what callers get after a record changed and was deleted during its load.
func (b *bench) deleted() *report.Table {
	t := &report.Table{
		Title: "A Delete during the load", Labels: 4,
		Note: fmt.Sprintf("A process loads a record, which takes %v. Half-way the source "+
			"changes, and the process deletes the record from the cache. One caller asks after "+
			"the Delete: at once in the same process, at once in another process, or a second "+
			"later, after the load. Each case is a separate run. Then, when nothing is in "+
			"flight, the record is read once more. A cell has the results of both reads. Old is "+
			"the value from before the Delete. Bound of rediscache: new everywhere.", loadTime),
		Head: []string{"Side", "at once, same process", "at once, other process",
			"a second later"},
	}
	b.each("deleted", func(test *testing.T, s loadSide) {
		row := []string{b.follower(test, s, 0, 0), b.follower(test, s, 1, 0),
			b.follower(test, s, 1, time.Second)}
		t.Add(append([]string{s.name}, row...)...)
		row[2], _, _ = strings.Cut(row[2], ",") // both reads come after the load
		for i, got := range row {
			if s.kind == ours && strings.Trim(got, "new, ") != "" {
				b.breaks("after a Delete during the load: %s, %s", t.Head[i+1], got)
			}
		}
	})
	return t
}

// follower returns what a caller gets that asks the given time after a Delete, and what a read gets
// in the end. asks is the index of the caller's process.
func (b *bench) follower(t *testing.T, s loadSide, asks int, after time.Duration) string {
	var current atomic.Int64
	began := make(chan struct{}, 10)
	fleet := b.fleet(t, s, 2, func(ctx context.Context, id int64) (User, error) {
		u := payload.Small.User
		u.Age = int(current.Load()) // like a query: it reads first, and returns later
		began <- struct{}{}
		return u, wait(ctx, loadTime)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*patient)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = fleet[0].get(ctx, 1) })
	<-began
	time.Sleep(loadTime / 2)
	current.Store(1)
	if err := fleet[0].del(ctx, 1); err != nil {
		t.Error(err)
	}
	time.Sleep(after)
	got := age(fleet[asks].get(ctx, 1))
	wg.Wait()
	time.Sleep(loadTime / 2) // eko/gocache stores in the background
	return got + ", " + age(fleet[1].get(ctx, 1))
}

func age(u User, err error) string {
	switch {
	case err != nil:
		return "error: " + err.Error()
	case u.Age == 0:
		return "old"
	}
	return "new"
}
