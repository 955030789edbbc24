package otelcache

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/activettl/rediscache/cache"
)

// spanKey is the context key of a hook's span. The current span of the context may belong to
// another hook that started later.
type spanKey struct{ *hook }

// startSpan starts the span of an operation and returns its context.
func (h *hook) startSpan(ctx context.Context, op *cache.Op) context.Context {
	opts := []trace.SpanStartOption{
		trace.WithAttributes(attrCache.String(op.Cache), attrOperation.String(op.Kind)),
	}
	if op.Kind == "Refresh" { // nobody waits for it
		opts = append(opts, trace.WithNewRoot())
		if trace.SpanContextFromContext(ctx).IsValid() {
			opts = append(opts, trace.WithLinks(trace.LinkFromContext(ctx)))
		}
	}
	ctx, span := h.tracer.Start(ctx, "rediscache."+op.Kind, opts...)
	return context.WithValue(ctx, spanKey{h}, span)
}

// endSpan ends the span that startSpan has put into ctx.
func (h *hook) endSpan(ctx context.Context, op *cache.Op) {
	span, ok := ctx.Value(spanKey{h}).(trace.Span)
	if !ok {
		return
	}
	defer span.End()
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(attrOutcome.String(string(op.Outcome)), attrKeys.Int(op.Keys))
	if load := op.Load; load != nil {
		setText(span, attrTrigger, load.Trigger)
		setText(span, attrScope, load.Scope)
	}
	if res := op.Sweep; res != nil {
		span.SetAttributes(
			attribute.Int("rediscache.sweep.scanned", res.Scanned),
			attribute.Int("rediscache.sweep.removed", res.Removed),
			attribute.Int("rediscache.sweep.kept", res.Kept),
			attribute.Int("rediscache.sweep.failed", res.Failed),
			attribute.Bool("rediscache.sweep.dry_run", res.DryRun),
		)
	}
	if op.Err == nil {
		return
	}
	span.SetAttributes(attrErrorType.String(op.ErrorType))
	span.RecordError(op.Err)
	if op.Outcome == cache.OutcomeError { // with another outcome, the caller has its record
		span.SetStatus(codes.Error, op.Err.Error())
	}
}

func setText(span trace.Span, key attribute.Key, text string) {
	if text != "" {
		span.SetAttributes(key.String(text))
	}
}
