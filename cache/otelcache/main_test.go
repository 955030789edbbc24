package otelcache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/otelcache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// telemetry is a Hook, with what it has recorded.
type telemetry struct {
	cache.Hook
	tb     testing.TB
	reader *metric.ManualReader
	spans  *tracetest.SpanRecorder
}

// newTelemetry makes a Hook with a Meter and a Tracer, unless tweak changes that.
func newTelemetry(tb testing.TB, tweak ...func(*otelcache.Options)) *telemetry {
	tb.Helper()
	t := &telemetry{tb: tb, reader: metric.NewManualReader(), spans: tracetest.NewSpanRecorder()}
	o := otelcache.Options{
		Meter: metric.NewMeterProvider(metric.WithReader(t.reader)).Meter(otelcache.ScopeName),
		Tracer: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(t.spans)).
			Tracer(otelcache.ScopeName),
	}
	for _, fn := range tweak {
		fn(&o)
	}
	var err error
	if t.Hook, err = otelcache.New(o); err != nil {
		tb.Fatal(err)
	}
	return t
}

func withSizes(o *otelcache.Options)    { o.ValueSizes = true }
func allSpans(o *otelcache.Options)     { o.Spans = otelcache.SpansOfAll }
func noSpans(o *otelcache.Options)      { o.Spans = otelcache.SpansOfNone }
func withoutMeter(o *otelcache.Options) { o.Meter = nil }

// collect returns the metrics so far, by name.
func (t *telemetry) collect() map[string]metricdata.Metrics {
	t.tb.Helper()
	var all metricdata.ResourceMetrics
	if err := t.reader.Collect(context.Background(), &all); err != nil {
		t.tb.Fatal(err)
	}
	named := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		if scope.Scope.Name != otelcache.ScopeName {
			t.tb.Errorf("a metric of the scope %q", scope.Scope.Name)
		}
		for _, m := range scope.Metrics {
			named[m.Name] = m
		}
	}
	return named
}

// point is the value of a series. For a histogram, it is the number of values.
type point struct {
	set   attribute.Set
	value float64
	sum   float64 // of a histogram
}

func points(m metricdata.Metrics) (all []point) {
	switch data := m.Data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			all = append(all, point{p.Attributes, float64(p.Count), p.Sum})
		}
	case metricdata.Histogram[int64]:
		for _, p := range data.DataPoints {
			all = append(all, point{p.Attributes, float64(p.Count), float64(p.Sum)})
		}
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			all = append(all, point{set: p.Attributes, value: float64(p.Value)})
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			all = append(all, point{set: p.Attributes, value: float64(p.Value)})
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			all = append(all, point{set: p.Attributes, value: p.Value})
		}
	case nil:
	default:
		panic(fmt.Sprintf("%s is a %T", m.Name, data))
	}
	return all
}

// labels returns the values of attributes, except the cache, in the order of their keys.
func labels(set attribute.Set) string {
	var all []string
	for _, a := range set.ToSlice() {
		if a.Key != "rediscache.cache" {
			all = append(all, a.Value.AsString())
		}
	}
	return strings.Join(all, " ")
}

// values returns the series of a metric of a cache, by labels.
func (t *telemetry) values(metric, name string) map[string]float64 {
	t.tb.Helper()
	all := map[string]float64{}
	for _, p := range points(t.collect()[metric]) {
		if of, _ := p.set.Value("rediscache.cache"); of.AsString() == name {
			all[labels(p.set)] = p.value
		}
	}
	return all
}

// want checks a metric of a cache: all series, written as "labels=value".
func (t *telemetry) want(metric, name string, series ...string) {
	t.tb.Helper()
	got := []string{}
	for labels, v := range t.values(metric, name) {
		got = append(got, fmt.Sprintf("%s=%v", labels, v))
	}
	slices.Sort(got)
	slices.Sort(series)
	if !slices.Equal(got, series) {
		t.tb.Errorf("%s has %q, want %q", metric, got, series)
	}
}

type user struct {
	Name string `json:"name"`
}

// newCache makes a cache with the Hook.
func (t *telemetry) newCache(
	rdb redis.UniversalClient, name string, o *cache.Options,
) *cache.Cache[int, user] {
	t.tb.Helper()
	if o == nil {
		o = &cache.Options{}
	}
	if o.Hook == nil {
		o.Hook = t.Hook
	}
	o.Load.Patience = time.Minute // on a busy machine, Redis must not count as out
	c, err := cache.New[int](rdb, name, codec.JSON[user]{}, o)
	if err != nil {
		t.tb.Fatal(err)
	}
	t.tb.Cleanup(func() { _ = c.Close() })
	return c
}

func ann(context.Context, int) (user, error) { return user{"Ann"}, nil }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// exemplar returns the span of the one exemplar of a histogram.
func exemplar(tb testing.TB, m metricdata.Metrics) (id trace.SpanID) {
	tb.Helper()
	points := m.Data.(metricdata.Histogram[float64]).DataPoints
	if len(points) != 1 || len(points[0].Exemplars) != 1 {
		tb.Fatalf("%s has %+v", m.Name, points)
	}
	copy(id[:], points[0].Exemplars[0].SpanID)
	return id
}
