package otelcache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// span returns the one span of that name that has ended.
func (t *telemetry) span(name string) sdktrace.ReadOnlySpan {
	t.tb.Helper()
	var found []sdktrace.ReadOnlySpan
	for _, s := range t.spans.Ended() {
		if s.Name() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.tb.Fatalf("%d spans are %s", len(found), name)
	}
	return found[0]
}

// attributes returns the attributes of a span, as text.
func attributes(s sdktrace.ReadOnlySpan) string {
	all := map[string]string{}
	for _, a := range s.Attributes() {
		all[strings.TrimPrefix(string(a.Key), "rediscache.")] = a.Value.String()
	}
	var texts []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		texts = append(texts, k+"="+all[k])
	}
	return strings.Join(texts, " ")
}

func (t *telemetry) wantSpan(name, want string, status codes.Code) sdktrace.ReadOnlySpan {
	t.tb.Helper()
	s := t.span(name)
	if got := attributes(s); got != want {
		t.tb.Errorf("%s has %q, want %q", name, got, want)
	}
	if s.Status().Code != status {
		t.tb.Errorf("%s has the status %v", name, s.Status())
	}
	if (status == codes.Error) != (len(s.Events()) > 0) {
		t.tb.Errorf("%s has the events %v", name, s.Events())
	}
	return s
}

// tracer makes the spans of a caller.
func tracer() trace.Tracer { return sdktrace.NewTracerProvider().Tracer("test") }

// A Load is a child of its caller's span, and the parent of what the loader does.
func TestSpanOfLoad(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t)
		c := tel.newCache(b.Client, b.Name(), nil)
		ctx, caller := tracer().Start(t.Context(), "request")
		var inLoader trace.SpanContext
		for range 2 { // the second one hits
			_, err := c.GetOrLoad(ctx, 1, func(ctx context.Context, _ int) (user, error) {
				inLoader = trace.SpanContextFromContext(ctx)
				_, _ = c.Get(ctx, 7) // has no span, and must not end that of the Load
				return user{"Ann"}, nil
			})
			must(t, err)
		}
		must(t, c.Close())
		if n := len(tel.spans.Ended()); n != 1 {
			t.Errorf("%d spans, want that of the load", n)
		}
		load := tel.wantSpan("rediscache.Load", fmt.Sprintf("cache=%s keys=1 operation=Load "+
			"outcome=loaded trigger=miss", c.Name()), codes.Unset)
		if load.Parent().SpanID() != caller.SpanContext().SpanID() ||
			load.SpanContext().TraceID() != caller.SpanContext().TraceID() {
			t.Errorf("the parent of the load is %v, want %v", load.Parent(), caller.SpanContext())
		}
		if inLoader.SpanID() != load.SpanContext().SpanID() {
			t.Errorf("the loader runs below %v, want %v", inLoader, load.SpanContext())
		}
	})
}

// A Refresh outlives its caller. Its span begins a new trace, with a link to the caller's span.
func TestSpanOfRefresh(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t)
		o := cache.Options{TTL: ttl.Fixed(time.Hour, ttl.Refresh(30*time.Minute)), Hook: tel.Hook}
		name := b.Name()
		writes, reads := o, o
		writes.Hook = newTelemetry(t).Hook
		w := tel.newCache(b.Client, name, &writes)
		must(t, w.Set(t.Context(), 1, user{"Ann"}))
		must(t, b.Client.PExpire(t.Context(), name+":1", time.Minute).Err())
		c := tel.newCache(b.Client, name, &reads)
		ctx, caller := tracer().Start(t.Context(), "request")
		_, err := c.GetOrLoad(ctx, 1, ann, cache.WaitFresh(time.Minute))
		must(t, err)
		must(t, c.Close())
		s := tel.wantSpan("rediscache.Refresh", fmt.Sprintf("cache=%s keys=1 operation=Refresh "+
			"outcome=loaded trigger=refresh", name), codes.Unset)
		if s.Parent().IsValid() || s.SpanContext().TraceID() == caller.SpanContext().TraceID() {
			t.Errorf("the parent of the refresh is %v", s.Parent())
		}
		if links := s.Links(); len(links) != 1 ||
			links[0].SpanContext.SpanID() != caller.SpanContext().SpanID() {
			t.Errorf("the refresh has the links %v, want %v", links, caller.SpanContext())
		}
	})
}

// With SpansOfAll each operation has a span. A miss does not set the status to an error.
func TestSpansOfAll(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t, allSpans)
		c := tel.newCache(b.Client, b.Name(), &cache.Options{TTL: ttl.Active(time.Hour)})
		ctx := t.Context()
		_, err := c.Get(ctx, 1)
		if !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("Get = %v", err)
		}
		must(t, c.Set(ctx, 1, user{"Ann"}))
		if err := c.Add(ctx, 1, user{}); !errors.Is(err, cache.ErrExists) {
			t.Errorf("Add = %v", err)
		}
		_, err = c.GetOrLoad(ctx, 2, func(context.Context, int) (user, error) {
			return user{}, cache.ErrNotFound
		})
		if !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("GetOrLoad = %v", err)
		}
		_, err = c.Sweep(ctx, time.Minute)
		must(t, err)
		must(t, c.Close())
		of := func(kind string) string {
			return fmt.Sprintf("cache=%s keys=1 operation=%s outcome=", c.Name(), kind)
		}
		tel.wantSpan("rediscache.Get", of("Get")+"miss", codes.Unset)
		tel.wantSpan("rediscache.Set", of("Set")+"ok", codes.Unset)
		tel.wantSpan("rediscache.Add", of("Add")+"exists", codes.Unset)
		call := tel.wantSpan("rediscache.GetOrLoad", of("GetOrLoad")+"absent scope=own",
			codes.Unset)
		load := tel.wantSpan("rediscache.Load", of("Load")+"absent trigger=miss", codes.Unset)
		if load.Parent().SpanID() != call.SpanContext().SpanID() {
			t.Errorf("the parent of the load is %v", load.Parent())
		}
		tel.wantSpan("rediscache.Sweep", of("Sweep")+"ok sweep.dry_run=false sweep.failed=0 "+
			"sweep.kept=0 sweep.removed=0 sweep.scanned=1", codes.Unset)
	})
}

// An error sets the status. No key and no value is in a span.
func TestSpanOfError(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t, allSpans)
		c := tel.newCache(b.Client, b.Name(), nil)
		const key = 4711471147
		_, err := c.GetOrLoad(t.Context(), key, func(_ context.Context, id int) (user, error) {
			return user{}, fmt.Errorf("row %d: %w", id, errRow)
		})
		if !errors.Is(err, errRow) {
			t.Errorf("GetOrLoad = %v", err)
		}
		redisKey := fmt.Sprint(c.Name(), ":", key)
		must(t, b.Client.Set(t.Context(), redisKey, "{secret", time.Hour).Err())
		if _, err := c.Get(t.Context(), key); !errors.Is(err, cache.ErrDecode) {
			t.Errorf("Get = %v", err)
		}
		must(t, c.Close())
		for kind, more := range map[string]string{
			"GetOrLoad": " scope=own", "Load": " trigger=miss", "Get": "",
		} {
			errorType := "loader"
			if kind == "Get" {
				errorType = "decode"
			}
			s := tel.wantSpan("rediscache."+kind, fmt.Sprintf("cache=%s error.type=%s keys=1 "+
				"operation=%s outcome=error%s", c.Name(), errorType, kind, more), codes.Error)
			text := fmt.Sprint(s.Status(), s.Events(), s.Attributes(), s.Name())
			if strings.Contains(text, fmt.Sprint(key)) || strings.Contains(text, "secret") {
				t.Errorf("the span of %s shows %s", kind, text)
			}
			if kind != "Get" && !strings.Contains(s.Status().Description, errRow.Error()) {
				t.Errorf("the span of %s has the status %v", kind, s.Status())
			}
		}
	})
}

// Two hooks on one cache do not confuse their spans, and each one ends its own.
func TestSpansOfOtherHooks(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		one, two := newTelemetry(t, allSpans, withoutMeter), newTelemetry(t, allSpans, withoutMeter)
		c := one.newCache(b.Client, b.Name(), &cache.Options{Hook: cache.Hooks(one.Hook, two.Hook)})
		_, err := c.GetOrLoad(t.Context(), 1, ann)
		must(t, err)
		must(t, c.Close())
		for _, tel := range []*telemetry{one, two} {
			if started, ended := len(tel.spans.Started()), len(tel.spans.Ended()); started != 2 ||
				ended != 2 {
				t.Errorf("%d spans have started and %d ended, want 2", started, ended)
			}
		}
		if got, want := two.span("rediscache.GetOrLoad").Parent().SpanID(),
			one.span("rediscache.GetOrLoad").SpanContext().SpanID(); got != want {
			t.Errorf("the parent of the second span is %v, want %v", got, want)
		}
	})
}

func TestNoSpans(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		tel := newTelemetry(t, noSpans)
		c := tel.newCache(b.Client, b.Name(), nil)
		_, err := c.GetOrLoad(t.Context(), 1, ann)
		must(t, err)
		must(t, c.Close())
		if spans := tel.spans.Started(); len(spans) != 0 {
			t.Errorf("the spans are %v", spans)
		}
	})
}
