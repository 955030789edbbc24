package otelcache

import (
	"maps"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The attributes.
const (
	attrCache     = attribute.Key("rediscache.cache")
	attrOperation = attribute.Key("rediscache.operation")
	attrOutcome   = attribute.Key("rediscache.outcome")
	attrErrorType = attribute.Key("error.type")
	attrTrigger   = attribute.Key("rediscache.trigger")
	attrScope     = attribute.Key("rediscache.scope")
	attrReason    = attribute.Key("rediscache.reason")
	attrDirection = attribute.Key("rediscache.direction")
	attrKeys      = attribute.Key("rediscache.keys") // of spans only
)

// labels are the attributes of a series, except the cache. Empty ones are left out.
type labels struct {
	operation, outcome, errorType, trigger, scope, reason, direction string
}

// set returns the attributes of a series of a cache.
func (l labels) set(name string) attribute.Set {
	all := []attribute.KeyValue{attrCache.String(name)}
	for _, a := range []attribute.KeyValue{
		attrOperation.String(l.operation), attrOutcome.String(l.outcome),
		attrErrorType.String(l.errorType), attrTrigger.String(l.trigger),
		attrScope.String(l.scope), attrReason.String(l.reason), attrDirection.String(l.direction),
	} {
		if a.Value.AsString() != "" {
			all = append(all, a)
		}
	}
	return attribute.NewSet(all...)
}

// series holds the options of measurements with one set of attributes. It is made once, because
// making it costs more than a measurement.
type series struct {
	record  []metric.RecordOption
	add     []metric.AddOption
	observe []metric.ObserveOption
}

func newSeries(set attribute.Set) *series {
	o := metric.WithAttributeSet(set)
	return &series{
		record:  []metric.RecordOption{o},
		add:     []metric.AddOption{o},
		observe: []metric.ObserveOption{o},
	}
}

// maxErrorPairs bounds a cache's pairs of an operation and an error type. About 600 are possible,
// and each one is a histogram.
const maxErrorPairs = 24

// otherError is the error type of pairs beyond that bound.
const otherError = "other"

// ofCache holds the series of a cache. It is safe for concurrent use.
type ofCache struct {
	name  string
	all   table[labels, *series]
	pairs atomic.Int64 // of an operation and an error type
}

// of returns the series with these labels.
func (c *ofCache) of(l labels) *series {
	if s, ok := c.all.get(l); ok {
		return s
	}
	return c.all.add(l, func() *series {
		notice := l.outcome == ""
		if l.errorType != "" && l.errorType != otherError && !notice &&
			c.pairs.Add(1) > maxErrorPairs {
			l.errorType = otherError
		}
		return newSeries(l.set(c.name))
	})
}

// table is a map that is read without a lock and copied when it grows. It is for a small number of
// keys that are used often. It is safe for concurrent use.
type table[K comparable, V any] struct {
	growing sync.Mutex
	current atomic.Pointer[map[K]V]
}

func (t *table[K, V]) get(k K) (v V, ok bool) {
	if m := t.current.Load(); m != nil {
		v, ok = (*m)[k]
	}
	return v, ok
}

// add returns the value of k. It makes the value if there is none.
func (t *table[K, V]) add(k K, newValue func() V) V {
	t.growing.Lock()
	defer t.growing.Unlock()
	if v, ok := t.get(k); ok {
		return v
	}
	grown := map[K]V{}
	if m := t.current.Load(); m != nil {
		grown = maps.Clone(*m)
	}
	v := newValue()
	grown[k] = v
	t.current.Store(&grown)
	return v
}
