package otelcache

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/activettl/rediscache/cache"
)

// watches are the caches whose Stats are read when metrics are collected.
type watches struct {
	mu    sync.Mutex
	named map[string]*watched
}

// watched are the caches of one name. Their counters include the counts of closed caches.
type watched struct {
	open map[*watch]struct{}
	past counters // of those that were closed
	near bool     // one of them has, or had, Options.Near
}

type watch struct {
	stats func() cache.Stats
	// before are the counters at the start. Those of connections belong to the client, which may
	// be older than the cache.
	before counters
}

// counters are the counters of Stats, in the order of counterLabels.
type counters [len(counterLabels)]int64

// reads is the number of counters that belong to near.reads. They come first.
const reads = 3

var counterLabels = [...]labels{
	{outcome: "hit"}, {outcome: "miss"}, {outcome: "bypassed"},
	{reason: "write"}, {reason: "flush"}, {reason: "reconnect"}, {reason: "topology"},
}

func countersOf(s cache.NearStats) counters {
	return counters{s.Hits, s.Misses, s.Bypassed, s.Written, s.Flushes, s.Losses, s.Moves}
}

// count adds the counts of a cache to sum.
func (w *watched) count(sum *counters, one *watch, s cache.Stats) {
	w.near = w.near || s.Near != cache.NearStats{ProofAge: -1}
	for i, n := range countersOf(s.Near) {
		sum[i] += n - one.before[i]
	}
}

// watch reads the stats of a cache until stop.
func (m *metrics) watch(name string, stats func() cache.Stats) (stop func()) {
	ws := &m.watches
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.named[name]
	if w == nil {
		w = &watched{open: map[*watch]struct{}{}}
		ws.named[name] = w
	}
	one := &watch{stats: stats, before: countersOf(stats().Near)}
	w.open[one] = struct{}{}
	return func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		w.count(&w.past, one, one.stats())
		delete(w.open, one)
	}
}

// observe runs when metrics are collected. Without the lock, a cache that is closed at the same
// time could be counted twice.
func (m *metrics) observe(_ context.Context, o metric.Observer) error {
	m.watches.mu.Lock()
	defer m.watches.mu.Unlock()
	for name, w := range m.watches.named {
		m.observeCache(o, m.of(name), w)
	}
	return nil
}

func (m *metrics) observeCache(o metric.Observer, c *ofCache, w *watched) {
	sum, lag, overdue := w.past, time.Duration(-1), time.Duration(-1)
	var bytes, entries int64
	for one := range w.open {
		s := one.stats()
		w.count(&sum, one, s)
		bytes += s.Near.Bytes
		entries += int64(s.Near.Entries)
		lag = max(lag, s.Near.ProofAge)
		overdue = max(overdue, s.Sweep.Overdue)
	}
	plain := c.of(labels{}).observe
	if overdue >= 0 {
		o.ObserveFloat64(m.overdue, overdue.Seconds(), plain...)
	}
	if !w.near {
		return
	}
	for i, n := range sum {
		instrument := m.nearInvalidations
		if i < reads {
			instrument = m.nearReads
		}
		o.ObserveInt64(instrument, n, c.of(counterLabels[i]).observe...)
	}
	if len(w.open) > 0 {
		o.ObserveInt64(m.nearSize, bytes, plain...)
		o.ObserveInt64(m.nearEntries, entries, plain...)
	}
	if lag >= 0 {
		o.ObserveFloat64(m.nearLag, lag.Seconds(), plain...)
	}
}
