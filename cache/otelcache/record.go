package otelcache

import (
	"context"

	"github.com/activettl/rediscache/cache"
)

// end records the end of an operation. ctx is for exemplars. The instruments record even if it has
// ended.
func (m *metrics) end(ctx context.Context, op *cache.Op) {
	switch op.Kind {
	case "Load", "Refresh":
		m.endLoad(ctx, op)
	case "Sweep":
		m.endSweep(ctx, op)
	case "Outage", "New", "Near":
		m.notice(ctx, m.of(op.Cache), op)
	default:
		if !fromMemory(op) {
			m.endOperation(ctx, op)
		}
	}
}

// fromMemory reports whether copies answered all keys.
func fromMemory(op *cache.Op) bool {
	return op.Near > 0 && (op.Near == op.Keys || op.Outcome == cache.OutcomeNear)
}

func (m *metrics) notice(ctx context.Context, c *ofCache, op *cache.Op) {
	l := labels{operation: op.Kind, errorType: op.ErrorType}
	m.notices.Add(ctx, 1, c.of(l).add...)
}

func (m *metrics) endOperation(ctx context.Context, op *cache.Op) {
	c := m.of(op.Cache)
	s := c.of(labels{
		operation: op.Kind, outcome: string(op.Outcome), errorType: op.ErrorType,
	})
	m.duration.Record(ctx, op.Elapsed.Seconds(), s.record...)
	if op.Keys == 1 && op.Err == nil {
		m.records.Add(ctx, 1, s.add...)
	} else {
		m.countRecords(ctx, c, *op)
	}
	if load := op.Load; load != nil && op.Kind != "Reload" && load.Loaded == 0 &&
		(load.Scope == "process" || load.Scope == "fleet") {
		l := labels{scope: load.Scope, outcome: string(op.Outcome)}
		m.loadWait.Record(ctx, load.Waited.Seconds(), c.of(l).record...)
	}
}

// countRecords counts the keys of an operation by outcome, except those that memory answered:
// near.reads counts them. op is a copy, because a pointer would cost an allocation per operation.
func (m *metrics) countRecords(ctx context.Context, c *ofCache, op cache.Op) {
	known := op.Near // without the near hits: keys that memory knows to be absent
	for outcome, n := range op.Outcomes() {
		switch outcome {
		case cache.OutcomeNear:
			known -= n
			continue
		case cache.OutcomeMiss, cache.OutcomeAbsent:
			n -= known
		}
		if n > 0 {
			l := labels{operation: op.Kind, outcome: string(outcome)}
			m.records.Add(ctx, int64(n), c.of(l).add...)
		}
	}
}

func (m *metrics) beginLoad(ctx context.Context, name string) {
	m.loadActive.Add(ctx, 1, m.of(name).of(labels{}).add...)
}

func (m *metrics) endLoad(ctx context.Context, op *cache.Op) {
	c := m.of(op.Cache)
	m.loadActive.Add(ctx, -1, c.of(labels{}).add...)
	if op.Load == nil { // no loader was called: a lease was refused, or another hook has panicked
		if op.Kind == "Refresh" {
			m.notice(ctx, c, op)
		}
		return
	}
	outcome := string(op.Outcome)
	if op.Outcome == cache.OutcomeError {
		switch op.ErrorType {
		case "panic":
			outcome = "panic"
		case "load_timeout":
			outcome = "timeout"
		}
	}
	l := labels{trigger: op.Load.Trigger, outcome: outcome}
	m.loadDuration.Record(ctx, op.Load.Waited.Seconds(), c.of(l).record...)
}

func (m *metrics) endSweep(ctx context.Context, op *cache.Op) {
	c := m.of(op.Cache)
	l := labels{outcome: string(op.Outcome), errorType: op.ErrorType}
	m.sweepDuration.Record(ctx, op.Elapsed.Seconds(), c.of(l).record...)
	res := op.Sweep
	if res == nil {
		return
	}
	removed := "removed"
	if res.DryRun {
		removed = "would_remove"
	}
	for _, r := range []struct {
		outcome string
		n       int
	}{
		{removed, res.Removed},
		{"kept", res.Kept},
		{"failed", res.Failed},
		{"in_use", res.Scanned - res.Removed - res.Kept - res.Failed},
	} {
		if r.n > 0 {
			m.sweepRecords.Add(ctx, int64(r.n), c.of(labels{outcome: r.outcome}).add...)
		}
	}
	if op.Err == nil {
		m.longestIdle.Record(ctx, res.LongestIdle.Seconds(), c.of(labels{}).record...)
	}
}

func (m *metrics) size(name, direction string, bytes int) {
	s := m.of(name).of(labels{direction: direction})
	m.valueSize.Record(context.Background(), int64(bytes), s.record...)
}
