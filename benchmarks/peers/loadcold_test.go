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
	patient       = 3 * time.Second       // the deadline of callers
)

// wait is what a source does: it takes its time, and stops when its context ends.
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

// coldKey measures many callers of one key that is not there, of whom some cancel.
func (b *bench) coldKey() *report.Table {
	turns := 5
	if *quick {
		turns = 1
	}
	t := &report.Table{
		Title: "One cold key", Labels: 1,
		Note: fmt.Sprintf("%d processes (clients and caches of their own) of %d callers, which all "+
			"ask for one key at once. The loader takes %v, and stops when its context ends. The "+
			"first caller of each process cancels half-way, so %d errors are its own. The slowest "+
			"caller is counted from the first one's start, less the load. Where a cancelled caller "+
			"takes the others with it, they return before there is a value. Medians of %d runs. "+
			"Bounds of rediscache: 1 load, %d errors, %v behind.", loadProcesses, loadCallers,
			loadTime, loadProcesses, turns, loadProcesses, maxBehind),
		Head: []string{"Side", "loads", "errors", "slowest behind the load ms"},
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
		// Sorted by now: the last is the worst.
		if most, errs := loads[turns-1], failed[turns-1]; most != 1 || errs != loadProcesses {
			b.breaks("one cold key: %v loads and %v errors, want 1 and %d", most, errs,
				loadProcesses)
		}
		if late := time.Duration(median(behind)); late > maxBehind && !*quick {
			b.breaks("one cold key: the slowest is %v behind the load, %v is allowed", late,
				maxBehind)
		}
	})
	return t
}

func (b *bench) cold(t *testing.T, s loadSide) (loads, failed int64, behind time.Duration) {
	var loaded, errs atomic.Int64
	fleet := b.fleet(t, s, loadProcesses, func(ctx context.Context, id int64) (User, error) {
		if id == 0 { // of no record that counts
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
	for _, p := range fleet { // connections are there
		for range loadCallers {
			wg.Go(func() { call(p, 0, patient) })
		}
	}
	wg.Wait()
	begun := time.Now()
	for _, p := range fleet {
		wg.Go(func() { call(p, 1, loadTime/2) })
	}
	time.Sleep(5 * time.Millisecond) // those are the first
	for range loadCallers - 1 {
		for _, p := range fleet {
			wg.Go(func() { call(p, 1, patient) })
		}
	}
	wg.Wait()
	return loaded.Load(), errs.Load(), time.Since(begun) - loadTime
}

// deleted asks what callers get after the record has changed and was deleted during a load.
func (b *bench) deleted() *report.Table {
	t := &report.Table{
		Title: "A Delete during the load", Labels: 4,
		Note: fmt.Sprintf("A process loads a record, which takes %v. Half-way the source changes, "+
			"and the process deletes the record from the cache. One caller asks after the Delete: "+
			"at once in the same process, at once in another one, or a second later, when the load "+
			"is over. Each case is a run of its own; then the record is read once more, when nothing "+
			"is under way. Old is the value from before the Delete. Bound of rediscache: new "+
			"everywhere.", loadTime),
		Head: []string{"Side", "in the same process, later", "in another process, later",
			"a second later"},
	}
	b.each("deleted", func(test *testing.T, s loadSide) {
		row := []string{b.follower(test, s, 0, 0), b.follower(test, s, 1, 0),
			b.follower(test, s, 1, time.Second)}
		t.Add(append([]string{s.name}, row...)...)
		row[2], _, _ = strings.Cut(row[2], ",") // the same
		for i, got := range row {
			if s.kind == ours && strings.Trim(got, "new, ") != "" {
				b.breaks("after a Delete during the load: %s, %s", t.Head[i+1], got)
			}
		}
	})
	return t
}

// follower returns what a caller of a process gets who asks some time after a Delete, and what is
// there in the end.
func (b *bench) follower(t *testing.T, s loadSide, asks int, after time.Duration) string {
	var current atomic.Int64
	began := make(chan struct{}, 10)
	fleet := b.fleet(t, s, 2, func(ctx context.Context, id int64) (User, error) {
		u := payload.Small.User
		u.Age = int(current.Load()) // as a query does, it reads at once and takes its time
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
