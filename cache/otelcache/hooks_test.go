package otelcache_test

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/otelcache"
	"github.com/activettl/rediscache/internal/redistest"
)

// endHook panics at the end of operations of a kind.
type endHook string

func (h endHook) Start(ctx context.Context, _ cache.Op) context.Context { return ctx }

func (h endHook) End(_ context.Context, op cache.Op) {
	if op.Kind == string(h) {
		panic("hook")
	}
}

// A panic of another hook, before or after this one, loses no metric and no span.
func TestAnotherHookPanics(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, first := range []bool{false, true} {
			for _, kind := range []string{"Get", "Load"} {
				tel := newTelemetry(t, allSpans)
				hooks := cache.Hooks(endHook(kind), tel.Hook)
				if first {
					hooks = cache.Hooks(tel.Hook, endHook(kind))
				}
				c := tel.newCache(b.Client, b.Name(), &cache.Options{Hook: hooks})
				func() {
					defer func() { _ = recover() }()
					_, _ = c.Get(t.Context(), 1)
				}()
				_, err := c.GetOrLoad(t.Context(), 1, ann)
				if panics := kind == "Load"; panics != (err != nil) {
					t.Errorf("%s panics, and GetOrLoad = %v", kind, err)
				}
				must(t, c.Close())
				calls := tel.values("rediscache.operation.duration", c.Name())
				if calls["Get miss"] != 1 || len(calls) != 2 {
					t.Errorf("%s panics, and the calls are %v", kind, calls)
				}
				tel.want("rediscache.load.duration", c.Name(), "loaded miss=1")
				tel.want("rediscache.load.active", c.Name(), "=0")
				if n := len(tel.spans.Ended()); n != 3 {
					t.Errorf("%s panics, and %d spans have ended", kind, n)
				}
			}
		}
	})
}

func TestOptions(t *testing.T) {
	meter := noop.NewMeterProvider().Meter("")
	for _, test := range []struct {
		name string
		o    otelcache.Options
		want string // in the error
	}{
		{"none", otelcache.Options{}, "Options.Meter and Options.Tracer"},
		{"a meter", otelcache.Options{Meter: meter, ValueSizes: true}, ""},
		{"a tracer", otelcache.Options{Tracer: tracer(), Spans: otelcache.SpansOfAll}, ""},
		{"spans without a tracer", otelcache.Options{Meter: meter, Spans: otelcache.SpansOfAll},
			"Options.Spans"},
		{"no spans and no meter", otelcache.Options{Tracer: tracer(), Spans: otelcache.SpansOfNone},
			"Options.Meter"},
		{"unknown spans", otelcache.Options{Tracer: tracer(), Spans: 7}, "Options.Spans"},
		{"sizes without a meter", otelcache.Options{Tracer: tracer(), ValueSizes: true},
			"Options.ValueSizes"},
		{"a meter that refuses", otelcache.Options{Meter: refusing{meter}}, "refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			hook, err := otelcache.New(test.o)
			switch {
			case test.want == "" && (err != nil || hook == nil):
				t.Errorf("New = %v, %v", hook, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) ||
				!strings.HasPrefix(err.Error(), "otelcache: ")):
				t.Errorf("New = %v, want %q in it", err, test.want)
			}
			if _, ok := hook.(cache.SizeHook); ok != (test.want == "" && test.o.ValueSizes) {
				t.Errorf("the hook is a %T", hook)
			}
		})
	}
}

// refusing is a Meter that refuses counters.
type refusing struct{ metric.Meter }

func (refusing) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return nil, errRefused{}
}

type errRefused struct{}

func (errRefused) Error() string { return "refused" }

// An exemplar leads from a metric to its span.
func TestExemplars(t *testing.T) {
	tel := newTelemetry(t)
	ctx := tel.Start(t.Context(), cache.Op{Kind: "Load", Cache: "c"})
	span := trace.SpanContextFromContext(ctx)
	tel.End(ctx, cache.Op{Kind: "Load", Cache: "c", Outcome: "loaded", Load: &cache.LoadStats{}})
	if got := exemplar(t, tel.collect()["rediscache.load.duration"]); got != span.SpanID() {
		t.Errorf("the exemplar has the span %v, want %v", got, span.SpanID())
	}
}
