package peers

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
	"github.com/activettl/rediscache/internal/redistest"
)

const (
	outageClients = 20
	outageLoad    = 5 * time.Millisecond
	callDeadline  = 2 * time.Second
)

// outage shows what callers get while Redis does not answer.
func (b *bench) outage() *report.Table {
	window := 5 * time.Second
	if *quick {
		window = 2 * time.Second
	}
	t := &report.Table{
		Title: "Without Redis", Labels: 2,
		Note: fmt.Sprintf("%d goroutines of one process each read their own records without a "+
			"pause. The loader takes %v. Each call has a deadline of %v, like a request. The "+
			"window is the first %v after Redis is lost. Values and errors are the calls that "+
			"end in the window. Times are of the calls that are in flight when it starts or that "+
			"start in it. Two sides answer from memory. rueidisaside does so from its near "+
			"cache, until it finds the connection dead. eko/gocache keeps loaded values until it "+
			"can store them.",
			outageClients, outageLoad, callDeadline, window),
		Head: []string{"Redis is", "Side", "values/s", "errors/s", "p50 ms", "p99 ms",
			"longest ms"},
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
		b.each(c.label, func(test *testing.T, s loadSide) {
			server := redistest.Start(test)
			calls := loseRedis(test, s, server, func() { c.lose(server, test) },
				func() { c.restore(server, test) }, window)
			took := make([]float64, len(calls))
			values, failed := 0, 0
			for i, call := range calls {
				took[i] = float64(call.took) / 1e6
				switch {
				case call.late:
				case call.err == nil:
					values++
				default:
					failed++
				}
			}
			slices.Sort(took)
			t.Add(c.label, s.name, rate(values, window), rate(failed, window),
				fmt.Sprintf("%.1f", took[len(took)/2]), fmt.Sprintf("%.1f", took[len(took)*99/100]),
				fmt.Sprintf("%.0f", took[len(took)-1]))
			if s.kind == ours && failed > 0 {
				b.breaks("Redis %s: %d calls fail", c.label, failed)
			}
		})
	}
	return t
}

func rate(n int, d time.Duration) string { return fmt.Sprintf("%.0f", float64(n)/d.Seconds()) }

// made is a call that was in flight during an outage.
type made struct {
	took time.Duration
	late bool // it ended after the outage
	err  error
}

// loseRedis calls lose and, after the window, restore. It returns the calls that were in flight in
// between.
func loseRedis(
	t *testing.T, s loadSide, server *redistest.Server, lose, restore func(), window time.Duration,
) []made {
	p := s.open(loadPlace{t, server.Addr(), redistest.UniqueName(t)},
		func(ctx context.Context, id int64) (User, error) {
			return payload.Small.User, wait(ctx, outageLoad)
		})
	var wg sync.WaitGroup
	var over atomic.Bool
	var gone, end atomic.Int64 // in nanoseconds of the Unix epoch
	end.Store(1<<63 - 1)
	all := make([][]made, outageClients)
	for c := range all {
		wg.Go(func() {
			for n := 0; !over.Load(); n++ {
				ctx, cancel := context.WithTimeout(t.Context(), callDeadline)
				begun := time.Now()
				_, err := p.get(ctx, int64(c*10+n%10))
				now := time.Now()
				cancel()
				if from := gone.Load(); from != 0 && now.UnixNano() >= from {
					all[c] = append(all[c], made{now.Sub(begun), now.UnixNano() > end.Load(), err})
				}
			}
		})
	}
	time.Sleep(time.Second)
	gone.Store(time.Now().UnixNano())
	lose()
	time.Sleep(window)
	end.Store(time.Now().UnixNano())
	over.Store(true)
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select { // some calls ignore their deadline and end only when Redis is back
	case <-done:
	case <-time.After(killLimit):
	}
	restore()
	<-done
	return slices.Concat(all...)
}

// hit measures reads of records that exist.
func (b *bench) hit() *report.Table {
	t := &report.Table{
		Title: "A hit", Labels: 1,
		Note: fmt.Sprintf("The same calls when the records exist, of %s, with the codec of each "+
			"side. rueidisaside reads from the memory of the process: it has no call without a "+
			"near cache. go-redis/cache, jetcache-go and eko/gocache share a read between "+
			"goroutines that ask for one key at the same time. So they send less than one "+
			"command per call. No call used the loader.", payload.Small.Label),
		Head: []string{"Side", "goroutines", "calls/s (quartiles)", "p50 µs", "p99 µs", "allocs",
			"commands"},
	}
	var calls atomic.Int64
	var sides []measure.Side
	for _, s := range loadSides {
		p := b.fleet(b.T, s, 1, func(context.Context, int64) (User, error) {
			calls.Add(1)
			return payload.Small.User, nil
		})[0]
		op := func(n int) error {
			_, err := p.get(b.Context(), int64(n%records))
			return err
		}
		for n := range 2 * records { // the second half fills the near cache of rueidisaside
			if n == records {
				time.Sleep(time.Second) // eko/gocache stores in the background
			}
			if err := op(n); err != nil {
				b.Fatal(err)
			}
		}
		sides = append(sides, measure.Side{Name: s.name, Op: op})
	}
	calls.Store(0)
	for _, goroutines := range []int{1, 64} {
		results, err := b.load(goroutines).Run(sides)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range results {
			rate := r.Rate()
			t.Add(r.Name, fmt.Sprint(goroutines),
				fmt.Sprintf("%.0f (%.0f–%.0f)", rate.Median, rate.Q1, rate.Q3),
				fmt.Sprintf("%.1f", r.P50/1e3), fmt.Sprintf("%.1f", r.P99/1e3),
				fmt.Sprintf("%.1f", r.Allocs), fmt.Sprintf("%.2f", r.Work.Commands))
		}
	}
	if n := calls.Load(); n > 0 {
		b.Errorf("%d hits called the loader", n)
	}
	return t
}
