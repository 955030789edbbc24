package peers

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/report"
)

// What the library promises of a hit in memory.
const (
	maxBesideOtter = 2.0  // time, as a multiple of otter's Get with expiry
	minBesideNear  = 10.0 // time of a hit of any other peer, as a multiple of rediscache
)

// near is the operation of the sides with near caches.
var near = operation{
	title: "Get with a near cache", goroutines: concurrency, detail: true, brief: true,
	note: "All records are in the memory of the process, so this is the cost of a hit. " +
		"rediscache with `Options.Near` and otter keep decoded values; the others decode at each " +
		"hit. otter shows what memory alone costs: it does not hear of writes. The near caches " +
		"of go-redis, rueidis and rueidisaside (which uses that of rueidis) hear from Redis when " +
		"a record changes. Those of go-redis/cache and jetcache-go do not by themselves: they " +
		"serve the old value until their own TTL ends.",
	of: func(p place, s side, u User) func(n int) error {
		op := reading(p, s.get, u)
		for n := range 2 * records { // all records are in memory before the first slice
			if err := op(n); err != nil {
				p.Fatal(err)
			}
		}
		return op
	},
	commands: func(side) float64 { return 0 },
}

// TestNear compares hits in near caches, prints the tables, and fails if rediscache breaks a
// promise.
func TestNear(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set")
	}
	b, version := newBench(t)
	cells := b.measure(near, nearContenders)
	if t.Failed() || len(cells) == 0 { // -run may exclude them
		return
	}
	for _, c := range cells {
		b.check(near, c)
		b.checkNear(c)
	}
	tables := []*report.Table{nearRatios(cells), nearDetails(cells), b.sent()}
	head := report.Machine(version, command("TestNear", "20m")) + "\n" + versions() + "\n"
	report.Publish(t, "../results/near-hits.md", head, b.broken, tables, *write)
}

// checkNear notes each broken promise of a cell.
func (b *bench) checkNear(c cell) {
	for i, s := range c.sides {
		if s.kind != ours {
			continue
		}
		hit := fmt.Sprintf("a hit of %s, %s %s at %d,", s.name, c.format.Label, c.size.Label,
			c.goroutines)
		// Canaries and the goroutines of a slice also allocate: up to 0.01 per hit.
		if allocs := c.results[i].Allocs; allocs > 0.01 {
			b.breaks("%s makes %.2f allocations, none is allowed", hit, allocs)
		}
		if !*quick { // only the full run checks times
			b.checkNearTime(c, hit, c.results[i])
		}
	}
}

func (b *bench) checkNearTime(c cell, hit string, mine measure.Loaded) {
	for i, s := range c.sides {
		faster := mine.Beside(c.results[i]).Median
		switch {
		case s.kind == floor && 1/faster > maxBesideOtter:
			b.breaks("%s takes %.2f times as long as %s, %.2f is allowed", hit, 1/faster, s.name,
				maxBesideOtter)
		case (s.kind == onRedis || s.kind == other) && faster < minBesideNear:
			b.breaks("%s is %.1f times as fast as %s, at least %.0f is promised", hit, faster,
				s.name, minBesideNear)
		}
	}
}

// nearRatios has the time of a hit of each side, with a column per number of goroutines.
func nearRatios(cells []cell) *report.Table {
	t := ratioTable(near.title, cells, func(c cell, r measure.Loaded) measure.Stat {
		return c.reference().Beside(r)
	})
	t.Note = fmt.Sprintf("%s\n\nTime of a hit at N goroutines, as a multiple of %s (quartiles of "+
		"the rounds; each side has a slice in each round). Bounds: a hit of rediscache takes at "+
		"most %.0f times as long as one of otter. A hit of any other peer takes at least %.0f "+
		"times as long as one of rediscache. A hit of rediscache allocates nothing, and sends no "+
		"commands except canaries and renewals.", near.note, cells[0].reference().Name,
		maxBesideOtter, minBesideNear)
	return t
}

// nearDetails has all measurements of hits.
func nearDetails(cells []cell) *report.Table {
	t := &report.Table{
		Title: near.title + ", in detail", Labels: 2,
		Note: "Per hit. The time is core time: the time of a slice, times the busy cores, " +
			"divided by the calls. p50 and p99 are of single calls, and include reading the " +
			"clock. They come from separate slices, and are the medians over these. Commands are " +
			"from INFO commandstats, and include canaries.",
		Head: []string{"Side", "Value", "goroutines", "ns (quartiles)", "p50 ns", "p99 ns",
			"allocs", "commands"},
	}
	for _, c := range cells {
		for _, r := range c.results {
			ns := c.nanos(r)
			t.Add(r.Name, c.size.Label, fmt.Sprint(c.goroutines),
				fmt.Sprintf("%.0f (%.0f–%.0f)", ns.Median, ns.Q1, ns.Q3),
				fmt.Sprintf("%.0f", r.P50), fmt.Sprintf("%.0f", r.P99),
				fmt.Sprintf("%.2f", r.Allocs), fmt.Sprintf("%.2f", r.Work.Commands))
		}
	}
	return t
}

// nanos is how long a call occupies a core.
func (c cell) nanos(r measure.Loaded) measure.Stat {
	cores := float64(min(c.goroutines, runtime.GOMAXPROCS(0)))
	times := make([]float64, len(r.Rates))
	for round, rate := range r.Rates {
		times[round] = cores * 1e9 / rate
	}
	return measure.Summarize(times)
}
