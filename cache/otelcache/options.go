package otelcache

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/activettl/rediscache/cache"
)

// ScopeName is the name to get the Meter and the Tracer of Options by.
const ScopeName = "github.com/activettl/rediscache/cache/otelcache"

// Options say what the Hook of [New] records, and where. Meter or Tracer, or both, must be set. The
// zero Options are an error.
//
// New does not look up OpenTelemetry's global providers. To use them, set Meter to
// otel.Meter(ScopeName) and Tracer to otel.Tracer(ScopeName).
type Options struct {
	// Meter makes the instruments. Nil, the default, means no metrics.
	Meter metric.Meter

	// Tracer makes the spans. Nil, the default, means no spans.
	Tracer trace.Tracer

	// Spans selects the operations that have spans. The default is SpansOfLoads. SpansOfAll
	// needs a Tracer.
	Spans Spans

	// ValueSizes also records the size of each value that is read or written. This costs as much as
	// recording the duration of an operation. It needs a Meter. The default is false.
	ValueSizes bool
}

// Spans selects the operations that have spans. The zero value is SpansOfLoads.
type Spans int

// The values of Spans.
const (
	SpansOfLoads Spans = iota // Load, Refresh and Sweep, which may take long; no reads and writes
	SpansOfAll                // every operation, also reads that memory answers
	SpansOfNone               // no operation
)

// has reports whether an operation of this kind has a span.
func (s Spans) has(kind string) bool {
	switch kind {
	case "Load", "Refresh", "Sweep":
		return s != SpansOfNone
	case "Outage", "New", "Near": // notices
		return false
	}
	return s == SpansOfAll
}

// New returns a Hook for any number of caches. Make one for each process. It is safe for concurrent
// use. With a Meter it watches the Stats of the caches, as a [cache.StatsHook]. With
// Options.ValueSizes it is a [cache.SizeHook] too.
//
// New returns an error if Meter and Tracer are both nil, if the Options contradict each other, or
// if the Meter refuses an instrument. The Hook has no Close: it lives as long as the Meter's
// provider. The package documentation says what it costs.
func New(o Options) (cache.Hook, error) {
	switch {
	case o.Meter == nil && o.Tracer == nil:
		return nil, errors.New("otelcache: Options.Meter and Options.Tracer are both nil: set one")
	case o.Meter == nil && o.Spans == SpansOfNone:
		return nil, errors.New(
			"otelcache: Options.Spans is SpansOfNone and Options.Meter is nil: nothing to record")
	case o.Spans < SpansOfLoads || o.Spans > SpansOfNone:
		return nil, errors.New(
			"otelcache: Options.Spans takes SpansOfLoads, SpansOfAll or SpansOfNone")
	case o.Spans == SpansOfAll && o.Tracer == nil:
		return nil, errors.New("otelcache: Options.Spans is SpansOfAll, which needs Options.Tracer")
	case o.ValueSizes && o.Meter == nil:
		return nil, errors.New("otelcache: Options.ValueSizes needs Options.Meter")
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
