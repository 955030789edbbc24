package otelcache_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
)

// sets returns the number of sets of attributes, of all metrics together and of each one.
func (t *telemetry) sets() (all int, of map[string]int) {
	t.tb.Helper()
	sets, of := map[attribute.Distinct]bool{}, map[string]int{}
	for name, m := range t.collect() {
		for _, p := range points(m) {
			sets[p.set.Equivalent()] = true
			of[name]++
		}
	}
	return len(sets), of
}

// The number of sets of attributes of a cache is bounded. Each metric has one series per set.
func TestSets(t *testing.T) {
	for _, test := range []struct {
		name       string
		errorTypes []string
		most       int
	}{
		{"no errors", nil, 104},
		{"an outage", []string{"connection", "timeout"}, 163},
		{"all types of errors", errorTypes, 175},
	} {
		t.Run(test.name, func(t *testing.T) {
			tel := newTelemetry(t, withSizes)
			tel.play("users", everyOp("users", test.errorTypes...))
			all, of := tel.sets()
			t.Logf("%d sets of attributes: %v", all, of)
			if all > test.most {
				t.Errorf("%d sets of attributes, want %d at most: %v", all, test.most, of)
			}
			if n := of["rediscache.notices"]; n != 6 { // maxErrorPairs does not bound them
				t.Errorf("%d kinds of notices, want 6", n)
			}
		})
	}
}
