package otelcache

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// metrics are the instruments, and the series of all caches. They are safe for concurrent use.
type metrics struct {
	duration metric.Float64Histogram
	records  metric.Int64Counter
	notices  metric.Int64Counter

	loadDuration metric.Float64Histogram
	loadWait     metric.Float64Histogram
	loadActive   metric.Int64UpDownCounter

	nearReads         metric.Int64ObservableCounter
	nearInvalidations metric.Int64ObservableCounter
	nearSize          metric.Int64ObservableGauge
	nearEntries       metric.Int64ObservableGauge
	nearLag           metric.Float64ObservableGauge

	sweepDuration metric.Float64Histogram
	sweepRecords  metric.Int64Counter
	longestIdle   metric.Float64Gauge
	overdue       metric.Float64ObservableGauge

	valueSize metric.Int64Histogram // nil unless sizes are asked for

	caches  table[string, *ofCache]
	watches watches
}

// The bounds of the histograms, in seconds and in bytes.
var (
	durationBounds = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5,
		1, 2.5, 5, 10}
	sweepBounds = []float64{.01, .05, .25, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600}
	sizeBounds  = []float64{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20,
		4 << 20}
)

func newMetrics(meter metric.Meter, sizes bool) (*metrics, error) {
	m := &metrics{watches: watches{named: map[string]*watched{}}}
	var errs errorList
	m.duration = made(&errs, meter.Float64Histogram, "rediscache.operation.duration", "s",
		"Time of an operation on Redis.", durationBounds...)
	m.records = made(&errs, meter.Int64Counter, "rediscache.records", "{record}",
		"Keys of operations, by outcome.")
	m.notices = made(&errs, meter.Int64Counter, "rediscache.notices", "{notice}",
		"Outages, caches that keep no copies, clients that lack something, refused refreshes.")

	m.loadDuration = made(&errs, meter.Float64Histogram, "rediscache.load.duration", "s",
		"Time of a call of a loader.", durationBounds...)
	m.loadWait = made(&errs, meter.Float64Histogram, "rediscache.load.wait.duration", "s",
		"Time that an operation waited for the load of another caller.", durationBounds...)
	m.loadActive = made(&errs, meter.Int64UpDownCounter, "rediscache.load.active", "{load}",
		"Loaders that run now.")

	m.nearReads = made(&errs, meter.Int64ObservableCounter, "rediscache.near.reads", "{read}",
		"Reads that looked for a copy in memory.")
	m.nearInvalidations = made(&errs, meter.Int64ObservableCounter,
		"rediscache.near.invalidations", "{invalidation}",
		"Copies that a write ended, and servers whose copies were all dropped.")
	m.nearSize = made(&errs, meter.Int64ObservableGauge, "rediscache.near.size", "By",
		"Memory that the copies count as.")
	m.nearEntries = made(&errs, meter.Int64ObservableGauge, "rediscache.near.entries", "{record}",
		"Copies in memory.")
	m.nearLag = made(&errs, meter.Float64ObservableGauge, "rediscache.near.lag", "s",
		"Age of the last proof that the copies in memory are recent.")

	m.sweepDuration = made(&errs, meter.Float64Histogram, "rediscache.sweep.duration", "s",
		"Time of a sweep pass.", sweepBounds...)
	m.sweepRecords = made(&errs, meter.Int64Counter, "rediscache.sweep.records", "{record}",
		"Records that a sweep pass looked at, by outcome.")
	m.longestIdle = made(&errs, meter.Float64Gauge, "rediscache.sweep.longest_idle", "s",
		"Longest idle time that the last sweep pass met.")
	m.overdue = made(&errs, meter.Float64ObservableGauge, "rediscache.sweep.overdue", "s",
		"Time for which a sweep pass has been due that no process has made.")
	if sizes {
		m.valueSize = made(&errs, meter.Int64Histogram, "rediscache.value.size", "By",
			"Size of a value as it is stored.", sizeBounds...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	_, err := meter.RegisterCallback(m.observe, m.nearReads, m.nearInvalidations, m.nearSize,
		m.nearEntries, m.nearLag, m.overdue)
	return m, err
}

// of returns the series of a cache.
func (m *metrics) of(name string) *ofCache {
	if c, ok := m.caches.get(name); ok {
		return c
	}
	return m.caches.add(name, func() *ofCache { return &ofCache{name: name} })
}

type errorList []error

// made makes an instrument. Each kind of instrument has its own type of options, and the options
// here implement all of them.
func made[I, O any](
	errs *errorList, newInstrument func(string, ...O) (I, error), name, unit, text string,
	bounds ...float64,
) I {
	opts := []O{any(metric.WithUnit(unit)).(O), any(metric.WithDescription(text)).(O)}
	if len(bounds) > 0 {
		opts = append(opts, any(metric.WithExplicitBucketBoundaries(bounds...)).(O))
	}
	i, err := newInstrument(name, opts...)
	*errs = append(*errs, err)
	return i
}
