package main_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/cache"
)

var (
	quick = flag.Bool("quick", false,
		"TestBounds: at most a minute and a half; report times, but fail only on allocations, "+
			"memory, the heap, lost records and costs that are far from linear")
	rounds    = flag.Int("rounds", 0, "TestBounds: slices of each side (0: 250, with -quick 10)")
	sweepOnly = flag.Bool("sweep", false, "TestBounds: measure only sweeps and tracking")
	write     = flag.Bool("write", false, "write the results into a file of the folder results")
)

// What the library promises.
const (
	maxRatio  = 1.10     // time of Get and Set, as a multiple of the same by hand
	maxAllocs = 2        // more allocations per Get and Set than by hand
	maxHeap   = 64 << 20 // growth of the heap during a walk over a million records
	maxGrowth = 2        // time per record in the longest walk, as a multiple of the shortest
)

// TestBounds measures, prints the tables, and fails if a promise is broken. It is skipped under
// -bench, which runs the same cases.
func TestBounds(t *testing.T) {
	if flag.Lookup("test.bench").Value.String() != "" {
		t.Skip("-bench is set")
	}
	if (*quick || *sweepOnly) && *write {
		t.Fatal("-quick and -sweep do not measure enough for -write")
	}
	// Slices are short because other work on the machine comes and goes within tens of
	// milliseconds. So it slows both sides of a round.
	b := &bounds{T: t, plan: measure.Plan{Rounds: 250, Slice: 5 * time.Millisecond}}
	if *quick {
		b.plan.Rounds = 10
	}
	if *rounds > 0 {
		b.plan.Rounds = *rounds
	}
	rdb := server(t)
	version, err := serverinfo.Version(t.Context(), rdb)
	if err != nil {
		t.Fatal(err)
	}
	var tables []*report.Table
	if !*sweepOnly {
		tables = append(tables, b.single(rdb), b.batch(rdb), b.terms(rdb), b.all(server(t)),
			b.serverTime(server(t)), b.tolerance(), b.memory(rdb))
	}
	tables = append(tables, b.sweep()...)

	head := report.Machine(version, b.command())
	report.Publish(t, "results/by-hand.md", head, b.broken, tables, *write)
}

type bounds struct {
	*testing.T
	plan   measure.Plan
	broken []string
}

// command returns the command that measures the same again.
func (b *bounds) command() string {
	s := "go -C benchmarks test -run " + b.Name() + " -count 1 -v"
	if *quick {
		s += " -quick"
	}
	if *sweepOnly {
		s += " -sweep"
	}
	if *rounds > 0 {
		s += fmt.Sprintf(" -rounds %d", *rounds)
	}
	if *write {
		s += " -write"
	}
	return s
}

func (b *bounds) breaks(format string, args ...any) {
	b.broken = append(b.broken, fmt.Sprintf(format, args...))
}

// compare adds a row for each side of the cases, except the first, which is the baseline.
func (b *bounds) compare(
	t *report.Table, plan measure.Plan, cases []measure.Case, label string,
	check func(what string, floor, other measure.Result),
) {
	b.Helper()
	for _, c := range cases {
		results, err := plan.Run(c)
		if err != nil {
			b.Fatal(err)
		}
		floor := results[0]
		for _, r := range results[1:] {
			row := append([]string{strings.TrimSpace(label + " " + c.Labels[0])}, c.Labels[1:]...)
			if len(results) > 2 {
				row[0] += ", " + r.Name
			}
			t.Add(append(row, micros(floor.Nanos.Median), micros(r.Nanos.Median), spread(r.Ratio),
				micros(r.Extra.Median),
				fmt.Sprintf("%.1f", floor.Allocs), fmt.Sprintf("%+.1f",
					r.Allocs-floor.Allocs), fmt.Sprintf("%+.0f", r.Bytes-floor.Bytes))...)
			check(strings.Join(row, " "), floor, r)
		}
	}
}

func (b *bounds) comparison(title, note, floor, other string) *report.Table {
	return &report.Table{
		Title: title, Note: note, Labels: 3,
		Head: []string{"Operation", "Codec", "Value", floor + " µs", other + " µs",
			"ratio (quartiles)", "extra µs", floor + " allocs", "extra allocs", "extra B"},
	}
}

func (b *bounds) single(rdb redis.UniversalClient) *report.Table {
	t := b.comparison("One record", fmt.Sprintf(
		"One goroutine, one connection. Raw is `rdb.GetEx(…).Bytes()` (Active), `rdb.Get` "+
			"(Fixed) or `rdb.Set`, with `json` or `msgpack` called directly. Bounds: ratio at "+
			"most %.2f; at most %d more allocations than raw.", maxRatio, maxAllocs),
		"raw", "cache")
	check := func(what string, floor, r measure.Result) {
		if !*quick && r.Ratio.Median > maxRatio {
			b.breaks("%s takes %.3f times as long as by hand, %.2f is allowed", what,
				r.Ratio.Median, maxRatio)
		}
		// The runtime and the connection pool allocate at the same time: up to 0.1 per call.
		if extra := r.Allocs - floor.Allocs; extra > maxAllocs+0.1 {
			b.breaks("%s makes %.1f allocations more than by hand, %d are allowed", what, extra,
				maxAllocs)
		}
	}
	b.compare(t, b.plan, getCases(b.T, rdb), "Get", check)
	b.compare(t, b.plan, setCases(b.T, rdb), "Set", check)
	return t
}

func (b *bounds) batch(rdb redis.UniversalClient) *report.Table {
	t := b.comparison(fmt.Sprintf("%d records", batch),
		"Compared with a hand-written pipeline, under Active. Times and allocations are for the "+
			"whole batch.", "raw", "cache")
	plan := b.plan
	plan.Rounds = max(plan.Rounds/3, 10) // one call may take longer than a slice
	b.compare(t, plan, batchCases(b.T, rdb), "", func(string, measure.Result, measure.Result) {})
	return t
}

func (b *bounds) terms(rdb redis.UniversalClient) *report.Table {
	t := b.comparison("Records with their own TTL",
		"Reads via the script get.lua, compared with a Get via GETEX of a record under the "+
			"policy. Own TTL: the record has its own TTL. Policy, by script: the record is under "+
			"the policy, in a cache that also holds records with their own TTL and so runs the "+
			"script for all reads.", "GETEX", "script")
	b.compare(t, b.plan, termsCases(b.T, rdb), "", func(string, measure.Result, measure.Result) {})
	return t
}

func (b *bounds) all(rdb redis.UniversalClient) *report.Table {
	t := &report.Table{
		Title: "All", Labels: 1,
		Note: fmt.Sprintf("JSON, 100 B. Times are medians. Heap is the peak growth, sampled every "+
			"2 ms. Every record came at least once. Bounds: the heap grows by less than %d MiB; a "+
			"record in the longest walk costs at most %d times as much as in the shortest.",
			maxHeap>>20, maxGrowth),
		Head: []string{"Records", "walks", "time (quartiles) s", "records/s", "µs/record",
			"HeapAlloc MiB", "HeapInuse MiB", "duplicates"},
	}
	var first float64
	walkers(b.T, rdb, func(users *cache.Cache[int64, User], n int) {
		var peak walk
		seconds := make([]float64, 5)
		for i := range seconds {
			w, err := walkAll(b.Context(), users, n)
			if err != nil {
				b.Fatal(err)
			}
			seconds[i] = w.elapsed.Seconds()
			peak.alloc, peak.inuse, peak.twice = max(peak.alloc, w.alloc), max(peak.inuse, w.inuse),
				max(peak.twice, w.twice)
		}
		s := measure.Summarize(seconds)
		each := s.Median / float64(n) * 1e6
		if first == 0 {
			first = each
		}
		t.Add(fmt.Sprint(n), fmt.Sprint(len(seconds)),
			fmt.Sprintf("%.2f (%.2f–%.2f)", s.Median, s.Q1, s.Q3), fmt.Sprintf("%.0f",
				float64(n)/s.Median),
			fmt.Sprintf("%.2f", each), mib(peak.alloc), mib(peak.inuse), fmt.Sprint(peak.twice))
		if top := max(peak.alloc, peak.inuse); top >= maxHeap {
			b.breaks("All over %d records lets the heap grow by %s MiB, %d are allowed", n,
				mib(top), maxHeap>>20)
		}
		if each > growthLimit()*first {
			b.breaks("All costs %.2f µs per record over %d records and %.2f over %d: that is "+
				"not linear", each, n, first, lengths()[0])
		}
	})
	return t
}

func (b *bounds) serverTime(rdb *redis.Client) *report.Table {
	t := &report.Table{
		Title: "Time in the server", Labels: 1,
		Note: fmt.Sprintf("In µs per call, from INFO commandstats. Calls follow one another; the "+
			"value has %d bytes. The server counts whole microseconds per call; the mean of "+
			"thousands of calls evens that out.", len(value)),
		Head: []string{"Command", "µs (quartiles)"},
	}
	turns, calls := 9, 3000
	if *quick {
		turns, calls = 3, 1000
	}
	all := figures(b.T, rdb)
	times := make([][]float64, len(all))
	for range turns {
		for i, f := range all {
			spent, err := serverTime(b.Context(), rdb, f, calls)
			if err != nil {
				b.Fatal(err)
			}
			times[i] = append(times[i], spent)
		}
	}
	for i, f := range all {
		t.Add(f.label, spread(measure.Summarize(times[i])))
	}
	return t
}

func (b *bounds) memory(rdb *redis.Client) *report.Table {
	m := memoryUsage(b.T, rdb)
	if m.policy != m.raw {
		b.breaks("a record under the policy takes %d bytes in Redis, by hand it takes %d", m.policy,
			m.raw)
	}
	t := &report.Table{
		Title: "Memory in the server", Labels: 1,
		Note: fmt.Sprintf("MEMORY USAGE of `users:42` with a value of %d bytes. Bound: a record "+
			"under the policy takes as many bytes as a SET PX by hand.", len(value)),
		Head: []string{"Record", "bytes"},
	}
	t.Add("SET PX by hand", fmt.Sprint(m.raw))
	t.Add("under the policy", fmt.Sprint(m.policy))
	t.Add("with its own TTL", fmt.Sprint(m.own))
	return t
}

func micros(nanos float64) string { return fmt.Sprintf("%.1f", nanos/1e3) }
func mib(bytes uint64) string     { return fmt.Sprintf("%.1f", float64(bytes)/(1<<20)) }

func spread(s measure.Stat) string { return fmt.Sprintf("%.3f (%.3f–%.3f)", s.Median, s.Q1, s.Q3) }

// growthLimit is maxGrowth. With -quick it is twice that: few walks on a shared machine are noisy.
func growthLimit() float64 {
	if *quick {
		return 2 * maxGrowth
	}
	return maxGrowth
}
