package otelcache_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// metricRow is a row of the table of metrics.
type metricRow struct{ kind, unit, attributes string }

// exported returns the table as it is exported.
func exported(t *testing.T, metrics map[string]metricdata.Metrics) map[string]metricRow {
	t.Helper()
	table := map[string]metricRow{}
	for name, m := range metrics {
		row := metricRow{unit: m.Unit}
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64], metricdata.Histogram[int64]:
			row.kind = "histogram"
		case metricdata.Gauge[float64], metricdata.Gauge[int64]:
			row.kind = "gauge"
		case metricdata.Sum[int64]:
			row.kind = "counter"
			if !data.IsMonotonic {
				row.kind = "updowncounter"
			}
		}
		if m.Description == "" {
			t.Errorf("%s has no description", name)
		}
		keys := map[string]bool{}
		for _, p := range points(m) {
			if !p.set.HasValue("rediscache.cache") {
				t.Errorf("%s has a series without a cache", name)
			}
			for _, a := range p.set.ToSlice() {
				keys[string(a.Key)] = true
			}
		}
		delete(keys, "rediscache.cache")
		row.attributes = strings.Join(slices.Sorted(maps.Keys(keys)), " ")
		table[name] = row
	}
	return table
}

// documented returns the table of the package documentation.
func documented(t *testing.T) map[string]metricRow {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	must(t, err)
	table := map[string]metricRow{}
	rows := regexp.MustCompile(`(?m)^//\t(rediscache\.\S+) +(\S+) +(\S+) *(.*)$`)
	for _, row := range rows.FindAllStringSubmatch(string(doc), -1) {
		attributes := strings.Fields(strings.ReplaceAll(row[4], ",", " "))
		for i, a := range attributes {
			if a != "error.type" {
				attributes[i] = "rediscache." + a
			}
		}
		slices.Sort(attributes)
		table[row[1]] = metricRow{row[2], row[3], strings.Join(attributes, " ")}
	}
	return table
}

// The documentation lists exactly the metrics that are exported.
func TestTable(t *testing.T) {
	tel := newTelemetry(t, withSizes)
	tel.play("users", everyOp("users", errorTypes...))
	got, want := exported(t, tel.collect()), documented(t)
	if !maps.Equal(got, want) {
		t.Errorf("exported is\n%s\nand documented\n%s", lines(got), lines(want))
	}
}

func lines(table map[string]metricRow) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(table)) {
		fmt.Fprintln(&b, name, table[name])
	}
	return b.String()
}
