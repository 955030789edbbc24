package main_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/activettl/rediscache/sweep"
)

// The load is moderate and does not slow down with the server. Each reader has a read due every
// readEvery. A read that the previous one delays counts from when it was due.
const (
	readers   = 8
	readEvery = 4 * time.Millisecond
)

// phase says during what a read is made.
type phase int32

const (
	between phase = iota // between two phases; not counted
	alone
	sweeping
)

// load is a group of readers of records that are not idle.
type load struct {
	phase atomic.Int32
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu    sync.Mutex
	err   error
	taken [sweeping + 1][]time.Duration
}

func (s *swept) load() *load {
	ctx, cancel := context.WithCancel(s.Context())
	l := &load{stop: cancel}
	for range readers {
		l.wg.Go(func() {
			due := time.Now().Add(rand.N(readEvery))
			for {
				begun := due // if the previous read delays this one
				if wait := time.Until(due); wait > 0 {
					time.Sleep(wait)
					begun = time.Now() // a late timer is not the server's fault
				}
				if ctx.Err() != nil {
					return
				}
				was := phase(l.phase.Load())
				_, err := s.Get(ctx, rand.Int64N(int64(s.have/2))*2+1)
				took := time.Since(begun)
				if ctx.Err() != nil {
					return
				}
				l.mu.Lock()
				if err != nil {
					l.err = err
				}
				if was == phase(l.phase.Load()) {
					l.taken[was] = append(l.taken[was], took)
				}
				l.mu.Unlock()
				due = due.Add(readEvery)
			}
		})
	}
	return l
}

// during counts the reads of the next d under a phase.
func (l *load) during(p phase, d time.Duration) {
	l.phase.Store(int32(p))
	time.Sleep(d)
	l.phase.Store(int32(between))
}

// quantiles returns the median and the 99th percentile of the counted reads, and then drops them.
func (l *load) quantiles(p phase) (q latency, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.taken[p]
	l.taken[p] = nil
	if l.err != nil || len(taken) < 1000 {
		return q, errors.Join(errors.New("too few reads"), l.err)
	}
	slices.Sort(taken)
	at := func(q float64) float64 { return float64(taken[int(q*float64(len(taken)))]) }
	return latency{at(0.5), at(0.99)}, nil
}

// latency has percentiles of the reads of one phase, in nanoseconds.
type latency struct{ p50, p99 float64 }

// paced is the result of a background pass under load.
type paced struct {
	alone, sweeping []latency // by round
	pages           int
	progress        sweep.Progress
	keys            int           // that the pass scanned while reads were counted
	worked          time.Duration // how long it took for these keys
	slow, control   []command
}

// paced makes a background pass over n records, under load. In each round the pass works for one
// slice and pauses for another.
func (s *swept) paced(n, rounds int, slice time.Duration, p sweep.Periodic) paced {
	s.Helper()
	s.grow(n)
	log := s.slowlog()
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	var (
		res  paced
		gate sync.Mutex // held while the pass pauses
		page = make(chan struct{}, 1)
		done = make(chan error, 1)
	)
	p.Interval, p.MaxIdle = time.Second, maxIdle // the first pass begins within the interval
	p.Progress = func(at sweep.Progress) {
		gate.Lock()
		defer gate.Unlock()
		res.pages, res.progress = res.pages+1, at
		select {
		case page <- struct{}{}:
		default:
		}
	}
	gate.Lock()
	var background sync.WaitGroup
	background.Go(func() { p.Run(ctx, onePass{s, done}) })
	l := s.load()
	defer l.wg.Wait()
	defer l.stop()
	l.during(between, slice/2) // warms up connections and caches
	ended := false
	turn := func(now phase) {
		if ended {
			return
		}
		if now == sweeping {
			// The pass counts its pause as work and rests in proportion. So wait for two pages.
			select {
			case <-page: // left from the last slice
			default:
			}
			gate.Unlock()
			for range 2 {
				select {
				case <-page:
				case err := <-done:
					s.must(err)
					ended = true
					gate.Lock()
					return
				}
			}
			gate.Lock()
			from, begun := res.progress.Scanned, time.Now()
			gate.Unlock()
			defer func() {
				res.worked += time.Since(begun)
				gate.Lock()
				res.keys += res.progress.Scanned - from
			}()
		} else {
			l.during(between, 100*time.Millisecond) // the pass finishes its page
		}
		l.during(now, slice)
	}
	for round := range rounds {
		order := []phase{alone, sweeping}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		turn(order[0])
		turn(order[1])
		if ended {
			break
		}
		a, err := l.quantiles(alone)
		s.must(err)
		b, err := l.quantiles(sweeping)
		s.must(err)
		res.alone, res.sweeping = append(res.alone, a), append(res.sweeping, b)
	}
	cancel()
	gate.Unlock()
	background.Wait()
	if !ended {
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			s.Fatal(err)
		}
	}
	res.slow = log.read()
	l.stop()
	l.wg.Wait()
	// The control keeps the server busier than the pass does.
	res.control = s.control(min(res.worked, 5*time.Second))
	return res
}

// onePass is a cache whose Sweep makes one pass, then waits for the end of its context.
type onePass struct {
	*swept
	done chan<- error
}

func (o onePass) Sweep(
	ctx context.Context, maxIdle time.Duration, opts ...sweep.Option,
) (sweep.Result, error) {
	res, err := o.Cache.Sweep(ctx, maxIdle, opts...)
	o.done <- err
	<-ctx.Done()
	return res, err
}
