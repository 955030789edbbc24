package load

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/activettl/rediscache/internal/flight"
	"github.com/activettl/rediscache/internal/lease"
	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
)

var (
	// ErrTimeout says that a loader has not returned in time.
	ErrTimeout = errors.New("the loader has not returned in time")

	errResults = errors.New("the loader returned no result") // for one of the keys
)

// work calls the loader for items, writes what it has loaded, and ends the flights. It calls
// release, which frees the slot, when the loader returns.
func (r *run) work(items []*item, release func()) {
	release = sync.OnceFunc(release)
	called, written, report := false, false, func(*Report) {}
	defer func() {
		if !called {
			release()
		}
		if !written { // a hook, or the Error method of a loader's error, has panicked
			r.giveAllBack(items)
			report(nil)
		}
	}()
	ctx, cancel := context.WithTimeout(r.ctx, r.Timeout)
	defer cancel()
	defer context.AfterFunc(r.closing, cancel)()

	load := &flight.Load{}
	defer load.Over()
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = it.key
		if it.flight != nil {
			flight.Works(load, it.flight)
			it.flight.Calling()
		}
	}
	var loaderCtx context.Context
	loaderCtx, report = r.tell.Begin(flight.Context(ctx, load), r.trigger(items), len(items))
	loaderTerms := &terms{}
	begun, done := time.Now(), make(chan []Result, 1)
	called = true
	go func() {
		defer release()
		r.call(withTerms(loaderCtx, loaderTerms), keys, done)
	}()

	results := r.results(ctx, items, done)
	elapsed := time.Since(begun)
	for i := range results {
		if err := results[i].Err; err != nil {
			results[i].Err = r.tell.Hide(err, keys)
		}
	}
	verdicts := r.writeBack(items, results, loaderTerms.end())
	written = true
	sum := &Report{Elapsed: elapsed, Keys: keys}
	for i := range verdicts {
		sum.add(keys[i], results[i], &verdicts[i])
	}
	report(sum)
	for i, it := range items {
		it.end(verdicts[i].Outcome, verdicts[i].early)
	}
}

// trigger returns why the loader is called for items.
func (r *run) trigger(items []*item) Trigger {
	switch {
	case r.refresh:
		return Refresh
	case r.force:
		return Reload
	case slices.ContainsFunc(items, func(it *item) bool { return it.why != nil }):
		return Outage
	}
	return Miss
}

// call calls the loader, which may panic, and sends one result for each key.
func (r *run) call(ctx context.Context, keys []string, done chan<- []Result) {
	var results []Result
	defer func() { done <- results }() // deferred, so that it runs after a runtime.Goexit too
	task.Guard(func() { results = r.load(ctx, keys) }, func(v any) {
		results = failed(len(keys), r.tell.Unreturned(v, debug.Stack()))
	})
	if len(results) != len(keys) {
		results = failed(len(keys), errResults)
	}
}

func failed(n int, err error) []Result {
	all := make([]Result, n)
	for i := range all {
		all[i].Err = err
	}
	return all
}

// results waits for the loader and renews the leases while it waits. It drops the loader's results
// if they come after the timeout, or after the cache was closed.
func (r *run) results(ctx context.Context, items []*item, done <-chan []Result) (all []Result) {
	keep := time.NewTicker(max(r.Lease/3, time.Millisecond))
	defer keep.Stop()
	var keeping atomic.Bool
	for all == nil {
		select {
		case all = <-done:
		case <-ctx.Done():
			all = []Result{}
		case <-keep.C:
			if keeping.CompareAndSwap(false, true) {
				r.task(func() {
					defer keeping.Store(false)
					defer ignorePanic()
					r.keep(items)
				})
			}
		}
	}
	switch {
	case r.closing.Err() != nil:
		return failed(len(items), wire.ErrClosed)
	case ctx.Err() != nil:
		err := fmt.Errorf("%w: %v: %w", ErrTimeout, r.Timeout, ctx.Err())
		return failed(len(items), err)
	}
	return all
}

// keep renews the leases of items. If a lease is gone, the load is out of date. Then callers that
// came after the loader was called start over at once.
func (r *run) keep(items []*item) {
	var held []*item
	var keys, tokens []string
	var leases []*lease.Lease
	for _, it := range items {
		switch {
		case it.lease != nil:
			leases = append(leases, it.lease)
		case it.back == fill && it.token != "" && !it.gone.Load():
			held, keys = append(held, it), append(keys, it.key)
			tokens = append(tokens, it.token)
		}
	}
	lease.KeepMany(r.patience.bound(r.ctx), r.wire, leases) // without them, the refills decide
	if len(held) == 0 {
		return
	}
	for i, gone := range r.store.Keep(r.ctx, keys, tokens, r.Lease) {
		if gone {
			held[i].gone.Store(true)
			if held[i].flight != nil {
				held[i].flight.Supersede()
			}
		}
	}
}
