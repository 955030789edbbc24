package otelcache_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/activettl/rediscache/cache/otelcache"
)

// dashboard has the parts of Grafana's JSON that the test checks.
type dashboard struct {
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
	Panels []struct {
		Type, Title string
		Datasource  struct{ UID string }
		FieldConfig struct{ Defaults struct{ Unit string } }
		Targets     []struct {
			Expr, LegendFormat string
			Datasource         struct{ UID string }
		}
	}
}

// scraped are the values of each label, by the names of series.
type scraped map[string]map[string]map[string]bool

// scrape returns what Prometheus gets after every kind of operation.
func scrape(t *testing.T) scraped {
	t.Helper()
	registry := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry))
	must(t, err)
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	tel := newTelemetry(t, withSizes, func(o *otelcache.Options) {
		o.Meter = provider.Meter(otelcache.ScopeName)
	})
	tel.play("users", everyOp("users", "connection"))
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer server.Close()
	res, err := http.Get(server.URL)
	must(t, err)
	defer res.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(res.Body)
	must(t, err)
	all := scraped{}
	for name, f := range families {
		names := []string{name}
		if f.GetType().String() == "HISTOGRAM" {
			names = []string{name + "_bucket", name + "_count", name + "_sum"}
		}
		for _, m := range f.Metric {
			for _, series := range names {
				if all[series] == nil {
					all[series] = map[string]map[string]bool{}
				}
				for _, l := range m.Label {
					if all[series][l.GetName()] == nil {
						all[series][l.GetName()] = map[string]bool{}
					}
					all[series][l.GetName()][l.GetValue()] = true
				}
			}
		}
		if f.GetType().String() == "HISTOGRAM" {
			all[name+"_bucket"]["le"] = nil
		}
	}
	return all
}

var (
	selector  = regexp.MustCompile(`(rediscache_\w+)\{([^}]*)\}`)
	matcher   = regexp.MustCompile(`^(\w+)(=|=~|!=)"([^"]*)"$`)
	grouping  = regexp.MustCompile(`(?:by|on|group_left) \(([^)]*)\)`)
	legend    = regexp.MustCompile(`\{\{(\w+)\}\}`)
	ourName   = regexp.MustCompile(`rediscache_\w+`)
	functions = regexp.MustCompile(`\b([a-z_]+) ?\(`)
)

// check checks a query, and that its legend has labels of its result.
func (s scraped) check(t *testing.T, expr, legendFormat string) {
	t.Helper()
	for _, pair := range []string{"()", "[]", "{}"} {
		if strings.Count(expr, pair[:1]) != strings.Count(expr, pair[1:]) {
			t.Errorf("%s: the %s do not match", expr, pair)
		}
	}
	for _, f := range functions.FindAllStringSubmatch(expr, -1) {
		if !slices.Contains([]string{"rate", "sum", "max", "min", "by", "on", "or",
			"group_left", "histogram_quantile"}, f[1]) {
			t.Errorf("%s: %s is unknown", expr, f[1])
		}
	}
	known := map[string]bool{}
	for _, sel := range selector.FindAllStringSubmatch(expr, -1) {
		labels := s[sel[1]]
		if labels == nil {
			t.Errorf("%s: nothing exports %s", expr, sel[1])
			continue
		}
		for l := range labels {
			known[l] = true
		}
		if !strings.Contains(sel[2], `rediscache_cache=~"$cache"`) {
			t.Errorf("%s: %s is not about $cache", expr, sel[1])
		}
		for m := range strings.SplitSeq(sel[2], ", ") {
			parts := matcher.FindStringSubmatch(m)
			if parts == nil || labels[parts[1]] == nil {
				t.Errorf("%s: %s has no label for %s", expr, sel[1], m)
				continue
			}
			for v := range strings.SplitSeq(parts[3], "|") {
				if v != "" && v != "$cache" && !labels[parts[1]][v] {
					t.Errorf("%s: no %s of %s is %s", expr, parts[1], sel[1], v)
				}
			}
		}
	}
	grouped := map[string]bool{}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(strings.ReplaceAll(g[1], " ", ""), ",") {
			if l == "" { // group_left ()
				continue
			}
			grouped[l] = true
			if !known[l] {
				t.Errorf("%s: no series has the label %s", expr, l)
			}
		}
	}
	for _, name := range ourName.FindAllString(selector.ReplaceAllString(expr, ""), -1) {
		if !grouped[name] {
			t.Errorf("%s: %s is no label that it is grouped by", expr, name)
		}
	}
	shown := legend.FindAllStringSubmatch(legendFormat, -1)
	if len(shown) == 0 {
		t.Errorf("%s has the legend %q", expr, legendFormat)
	}
	for _, l := range shown {
		if !grouped[l[1]] {
			t.Errorf("%s has no %s for its legend", expr, l[1])
		}
	}
}

// Each name in the dashboard is one that Prometheus gets, and each metric is in the dashboard.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("dashboard.json")
	must(t, err)
	var d dashboard
	must(t, json.Unmarshal(data, &d))
	s := scrape(t)

	var rows []string
	for _, p := range d.Panels {
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		if p.Title == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 ||
			p.Datasource.UID != "${datasource}" {
			t.Errorf("a panel lacks something: %+v", p)
		}
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("%s has the source %v", p.Title, target.Datasource)
			}
			s.check(t, target.Expr, target.LegendFormat)
		}
	}
	if want := []string{"Hit ratio", "Latency by outcome", "Loads and waits", "Outage",
		"Copies in memory", "Sweep"}; !slices.Equal(rows, want) {
		t.Errorf("the rows are %q, want %q", rows, want)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
		for i, name := range ourName.FindAllString(v.Definition, -1) {
			if i == 0 && s[name] == nil || i > 0 && name != "rediscache_cache" {
				t.Errorf("the variable %s asks for %s", v.Name, name)
			}
		}
	}
	if !slices.Equal(variables, []string{"datasource", "cache"}) {
		t.Errorf("the variables are %q", variables)
	}
	notShown := map[string]bool{ // details, and what is off by default
		"rediscache_near_entries": true, "rediscache_sweep_longest_idle_seconds": true,
		"rediscache_value_size_bytes": true,
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		base := name
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			base = strings.TrimSuffix(base, suffix)
		}
		if strings.HasPrefix(name, "rediscache_") && !notShown[base] &&
			!strings.Contains(string(data), base) {
			t.Errorf("the dashboard does not show %s", base)
		}
	}
}
