package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// scrape returns the metrics that the program serves, by name.
func scrape(t *testing.T, addr string) (map[string]*dto.MetricFamily, string) {
	t.Helper()
	res, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	return families, string(body)
}

// value returns the sum of a metric's series with these labels, written as name=value. For a
// histogram, it is the number of values.
func value(f *dto.MetricFamily, labels ...string) (sum float64) {
	for _, m := range f.GetMetric() {
		has := map[string]bool{}
		for _, l := range m.Label {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		fits := true
		for _, l := range labels {
			fits = fits && has[l]
		}
		if fits {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() +
				float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

// The program serves the metrics of its cache.
func TestExample(t *testing.T) {
	s := redistest.Start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, s.Client(t), "users", l) }()

	const cache = "rediscache_cache=users"
	wants := []struct {
		metric string
		kind   dto.MetricType
		labels []string
	}{
		{"rediscache_operation_duration_seconds", dto.MetricType_HISTOGRAM,
			[]string{"rediscache_operation=GetOrLoad", "rediscache_outcome=loaded"}},
		{"rediscache_operation_duration_seconds", dto.MetricType_HISTOGRAM,
			[]string{"rediscache_operation=GetOrLoad", "rediscache_outcome=absent"}},
		{"rediscache_records_total", dto.MetricType_COUNTER,
			[]string{"rediscache_operation=GetOrLoad", "rediscache_outcome=loaded"}},
		{"rediscache_load_duration_seconds", dto.MetricType_HISTOGRAM,
			[]string{"rediscache_trigger=miss", "rediscache_outcome=loaded"}},
		{"rediscache_near_reads_total", dto.MetricType_COUNTER,
			[]string{"rediscache_outcome=hit"}},
		{"rediscache_near_entries", dto.MetricType_GAUGE, nil},
		{"rediscache_near_size_bytes", dto.MetricType_GAUGE, nil},
		{"rediscache_near_lag_seconds", dto.MetricType_GAUGE, nil},
		{"rediscache_sweep_duration_seconds", dto.MetricType_HISTOGRAM,
			[]string{"rediscache_outcome=ok"}},
		{"rediscache_sweep_records_total", dto.MetricType_COUNTER,
			[]string{"rediscache_outcome=in_use"}},
		{"rediscache_value_size_bytes", dto.MetricType_HISTOGRAM,
			[]string{"rediscache_direction=write"}},
	}
	var families map[string]*dto.MetricFamily
	var body string
	missing := func() (all []string) {
		families, body = scrape(t, l.Addr().String())
		for _, w := range wants {
			if value(families[w.metric], append(w.labels, cache)...) == 0 {
				all = append(all, w.metric)
			}
		}
		return all
	}
	for end := time.Now().Add(time.Minute); len(missing()) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after a minute: %v\n%s", missing(), body)
		}
	}
	for _, w := range wants {
		if got := families[w.metric].GetType(); got != w.kind {
			t.Errorf("%s is a %v, want %v", w.metric, got, w.kind)
		}
	}
	for _, name := range []string{"rediscache_load_active", "rediscache_sweep_overdue_seconds"} {
		if families[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	for _, m := range families["rediscache_value_size_bytes"].GetMetric() {
		h := m.GetHistogram() // {"Name":"user 7"} has 17 bytes, and {"Name":"another"} 18
		if mean := h.GetSampleSum() / float64(h.GetSampleCount()); !(mean >= 17 && mean <= 18) {
			t.Errorf("a value has %v bytes", mean)
		}
	}
	if n := value(families["rediscache_near_entries"], cache); n > asked {
		t.Errorf("there are %v copies", n)
	}
	if lag := value(families["rediscache_near_lag_seconds"], cache); lag > 60 {
		t.Errorf("the lag is %v s", lag)
	}
	operations := families["rediscache_operation_duration_seconds"]
	if n := value(operations, "rediscache_outcome=error"); n != 0 {
		t.Errorf("%v operations failed", n)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run = %v", err)
	}
}
