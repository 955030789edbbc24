package otelcache

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/activettl/rediscache/cache"
)

// ScopeName is the name for the Meter and the Tracer of Options.
const ScopeName = "github.com/activettl/rediscache/cache/otelcache"

// Options say what New's Hook tells, and whom. It takes nothing from OpenTelemetry's global
// providers: otel.Meter and otel.Tracer do.
type Options struct {
	// Meter makes the instruments. The default, nil, is no metrics.
	Meter metric.Meter

	// Tracer makes the spans. The default, nil, is no spans.
	Tracer trace.Tracer

	// Spans says which operations have spans. The default is SpansOfLoads.
	Spans Spans

	// ValueSizes also records the size of each value that is read or written, which costs as much
	// as the duration of an operation. The default is not to.
	ValueSizes bool
}

// Spans says which operations have spans.
type Spans int

// The choices of spans.
const (
	SpansOfLoads Spans = iota // Load, Refresh and Sweep: what may take long, and no hit
	SpansOfAll                // every operation, hits in memory too
	SpansOfNone
)

// has reports whether an operation of this kind has a span.
func (s Spans) has(kind string) bool {
	switch kind {
	case "Load", "Refresh", "Sweep":
		return s != SpansOfNone
	case "Outage", "New", "Near": // no operations
		return false
	}
	return s == SpansOfAll
}

// New returns a Hook for any number of caches: make one for a process. It is safe for concurrent
// use. It implements [cache.StatsHook] and, with Options.ValueSizes, [cache.SizeHook].
//
// It has nothing to close: the provider of the Meter keeps it. New returns an error if the Options
// contradict each other, or if the Meter refuses an instrument.
func New(o Options) (cache.Hook, error) {
	switch {
	case o.Meter == nil && o.Tracer == nil:
		return nil, errors.New("otelcache: Options.Meter and Options.Tracer are both nil: set one")
	case o.Meter == nil && o.Spans == SpansOfNone:
		return nil, errors.New(
			"otelcache: Options.Spans is SpansOfNone, and Options.Meter is nil: it tells nothing")
	case o.Spans < SpansOfLoads || o.Spans > SpansOfNone:
		return nil, errors.New(
			"otelcache: Options.Spans takes SpansOfLoads, SpansOfAll or SpansOfNone")
	case o.Spans == SpansOfAll && o.Tracer == nil:
		return nil, errors.New("otelcache: Options.Spans is set, and Options.Tracer is nil")
	case o.ValueSizes && o.Meter == nil:
		return nil, errors.New("otelcache: Options.ValueSizes is set, and Options.Meter is nil")
	}
	h := &hook{spans: SpansOfNone}
	if o.Tracer != nil {
		h.tracer, h.spans = o.Tracer, o.Spans
	}
	if o.Meter == nil {
		return h, nil
	}
	var err error
	if h.metrics, err = newMetrics(o.Meter, o.ValueSizes); err != nil {
		return nil, fmt.Errorf("otelcache: %w", err)
	}
	if o.ValueSizes {
		return sizeHook{h}, nil
	}
	return h, nil
}
