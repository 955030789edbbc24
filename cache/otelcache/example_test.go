package otelcache_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/otelcache"
	"github.com/activettl/rediscache/codec"
)

// A service makes one Hook for all its caches. This one uses OpenTelemetry's global providers. A
// service may use its own providers.
func ExampleNew() {
	hook, err := otelcache.New(otelcache.Options{
		Meter:  otel.Meter(otelcache.ScopeName),
		Tracer: otel.Tracer(otelcache.ScopeName),
	})
	if err != nil {
		panic(err)
	}
	o := &cache.Options{Hook: cache.Hooks(hook, logHook{})} // with a hook of the service
	fmt.Println(o.Hook != nil)
	// Output: true
}

// logHook is an example of another hook.
type logHook struct{}

func (logHook) Start(ctx context.Context, _ cache.Op) context.Context { return ctx }

func (logHook) End(_ context.Context, op cache.Op) {
	slog.Debug(op.Kind, "cache", op.Cache, "outcome", string(op.Outcome))
}

// The metric rediscache.records after a miss, a write and a hit.
func ExampleNew_records() {
	reader := metric.NewManualReader() // a service has one that exports
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	hook, err := otelcache.New(otelcache.Options{Meter: provider.Meter(otelcache.ScopeName)})
	if err != nil {
		panic(err)
	}
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		panic(err)
	}
	defer server.Close()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	names, err := cache.New[int](rdb, "names", codec.String{}, &cache.Options{Hook: hook})
	if err != nil {
		panic(err)
	}
	defer names.Close()

	ctx := context.Background()
	_, _ = names.Get(ctx, 1)
	_ = names.Set(ctx, 1, "Ann")
	_, _ = names.Get(ctx, 1)

	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		panic(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		if m.Name != "rediscache.records" {
			continue
		}
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			operation, _ := p.Attributes.Value("rediscache.operation")
			outcome, _ := p.Attributes.Value("rediscache.outcome")
			fmt.Println(operation.AsString(), outcome.AsString(), p.Value)
		}
	}
	// Unordered output:
	// Get miss 1
	// Set ok 1
	// Get hit 1
}
