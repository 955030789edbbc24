package otelcache_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/sweep"
)

// outcomes lists the outcomes that each operation can have, except "error".
var outcomes = map[string][]cache.Outcome{
	"Get":       {"hit", "near_hit", "rescued", "miss"},
	"Peek":      {"hit", "near_hit", "rescued", "miss"},
	"GetMany":   {"hit", "near_hit", "rescued", "miss", "partial"},
	"GetOrLoad": {"hit", "near_hit", "rescued", "stale", "absent", "loaded", "waited"},
	"GetOrLoadMany": {"hit", "near_hit", "rescued", "stale", "absent", "loaded", "waited",
		"partial"},
	"Reload":       {"loaded", "absent"},
	"Set":          {"ok"},
	"SetMany":      {"ok"},
	"Add":          {"ok", "exists"},
	"Upsert":       {"ok"},
	"Update":       {"hit", "miss"},
	"UpdateField":  {"hit", "miss"},
	"UpdateFields": {"hit", "miss"},
	"Modify":       {"hit", "miss"},
	"Touch":        {"hit", "miss"},
	"Inspect":      {"hit", "miss"},
	"Delete":       {"ok"},
	"DeleteMany":   {"ok"},
	"All":          {"ok"},
	"Keys":         {"ok"},
	"Len":          {"ok"},
	"Clear":        {"ok"},
}

// errorTypes lists the values of Op.ErrorType.
var errorTypes = []string{
	"connection", "timeout", "unavailable", "redis", "unknown_outcome",
	"decode", "wrong_type", "conflict",
	"key", "ttl", "nil_value", "encode", "too_large", "unknown_field", "field_value", "max_idle",
	"not_tracked", "setting",
	"loader", "load_timeout", "load_circle",
	"canceled", "closed", "panic", "sweep_lost", "near_off", "other",
}

var errTest = errors.New("test")

// everyOp returns each kind of operation with each outcome, and errors of some types.
func everyOp(name string, errorTypes ...string) (ops []cache.Op) {
	add := func(op cache.Op) {
		op.Cache, op.Elapsed = name, time.Millisecond
		if op.ErrorType != "" {
			op.Outcome, op.Err = cache.OutcomeError, errTest
		}
		ops = append(ops, op)
	}
	for kind, all := range outcomes {
		for _, o := range all {
			op := cache.Op{Kind: kind, Keys: 1, Outcome: o}
			switch o {
			case "near_hit":
				op.Hits, op.Near = 1, 1
			case "partial":
				op.Keys, op.Hits, op.Misses = 2, 1, 1
			}
			add(op)
		}
		for _, e := range errorTypes {
			add(cache.Op{Kind: kind, Keys: 1, Failed: 1, ErrorType: e})
		}
	}
	for _, scope := range []string{"process", "fleet"} {
		op := cache.Op{Kind: "GetOrLoad", Keys: 1,
			Load: &cache.LoadStats{Scope: scope, Waited: time.Second}}
		for _, op.Outcome = range []cache.Outcome{"waited", "absent", "hit", "rescued"} {
			add(op)
		}
		op.Kind, op.Keys, op.Outcome = "GetOrLoadMany", 2, "partial"
		add(op)
		for _, op.ErrorType = range errorTypes {
			add(op)
		}
	}
	for _, kind := range []string{"Load", "Refresh"} {
		for _, trigger := range []string{"miss", "refresh", "reload", "outage"} {
			stats := &cache.LoadStats{Trigger: trigger, Waited: time.Second}
			for _, o := range []cache.Outcome{"loaded", "absent", "superseded"} {
				add(cache.Op{Kind: kind, Keys: 1, Outcome: o, Load: stats})
			}
			for _, e := range append(slices.Clone(errorTypes), "panic", "load_timeout", "loader") {
				add(cache.Op{Kind: kind, Keys: 1, Failed: 1, ErrorType: e, Load: stats})
			}
		}
	}
	for _, e := range []string{"connection", "timeout", "unavailable", "redis"} {
		add(cache.Op{Kind: "Outage", ErrorType: e})
	}
	add(cache.Op{Kind: "Near", ErrorType: "near_off"})
	add(cache.Op{Kind: "New", ErrorType: "setting"})
	res := sweep.Result{Scanned: 10, Removed: 1, Kept: 2, Failed: 3, LongestIdle: time.Minute}
	dry := res
	dry.DryRun = true
	add(cache.Op{Kind: "Sweep", Outcome: "ok", Sweep: &res})
	add(cache.Op{Kind: "Sweep", Outcome: "ok", Sweep: &dry})
	for _, e := range errorTypes {
		add(cache.Op{Kind: "Sweep", ErrorType: e, Sweep: &res})
	}
	return ops
}

// play tells the Hook of operations, of values, and of a cache with copies.
func (t *telemetry) play(name string, ops []cache.Op) {
	t.tb.Helper()
	for _, op := range ops {
		started := cache.Op{Kind: op.Kind, Cache: op.Cache, Keys: op.Keys}
		t.End(t.Start(context.Background(), started), op)
	}
	if sizes, ok := t.Hook.(cache.SizeHook); ok {
		sizes.ReadSize(name, 100)
		sizes.WriteSize(name, 200)
	}
	t.Hook.(cache.StatsHook).Watch(name, func() cache.Stats {
		return cache.Stats{Near: cache.NearStats{Bytes: 1, Entries: 1, ProofAge: time.Second}}
	})
}
