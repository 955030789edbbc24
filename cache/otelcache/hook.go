package otelcache

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/activettl/rediscache/cache"
)

// hook is the Hook of New.
type hook struct {
	metrics *metrics // nil without a Meter
	tracer  trace.Tracer
	spans   Spans // SpansOfNone without a Tracer
}

var (
	_ cache.StatsHook = (*hook)(nil)
	_ cache.SizeHook  = sizeHook{}
)

// Start implements cache.Hook.
func (h *hook) Start(ctx context.Context, op cache.Op) context.Context {
	if h.metrics != nil && loads(op.Kind) {
		h.metrics.beginLoad(ctx, op.Cache)
	}
	if h.spans.has(op.Kind) {
		return h.startSpan(ctx, &op)
	}
	return ctx
}

// End implements cache.Hook.
func (h *hook) End(ctx context.Context, op cache.Op) {
	if h.metrics != nil {
		h.metrics.end(ctx, &op)
	}
	if h.spans.has(op.Kind) {
		h.endSpan(ctx, &op)
	}
}

// Watch implements cache.StatsHook.
func (h *hook) Watch(name string, stats func() cache.Stats) (stop func()) {
	if h.metrics == nil {
		return nil
	}
	return h.metrics.watch(name, stats)
}

// loads reports whether an operation of this kind is the call of a loader.
func loads(kind string) bool { return kind == "Load" || kind == "Refresh" }

// sizeHook is a hook that also records the sizes of values.
type sizeHook struct{ *hook }

// ReadSize implements cache.SizeHook.
func (h sizeHook) ReadSize(name string, bytes int) { h.metrics.size(name, "read", bytes) }

// WriteSize implements cache.SizeHook.
func (h sizeHook) WriteSize(name string, bytes int) { h.metrics.size(name, "write", bytes) }
