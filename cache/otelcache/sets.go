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

// labels are the attributes of a series beside the cache. An empty one is left out.
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

// series are the options of a measurement with some attributes. They are made once: to make them
// costs more than the measurement.
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

// maxErrorPairs bounds the pairs of an operation and an error type of a cache. Some six hundred are
// possible, and each is a histogram.
const maxErrorPairs = 24

// otherError is the error type of those beyond the bound.
const otherError = "other"

// ofCache are the series of a cache. They are safe for concurrent use.
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

// table is a map that is read without a lock, and copied when it grows. It is safe for concurrent
// use. It is for few keys that come again and again.
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

// add returns the value of k, which it makes if there is none.
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
