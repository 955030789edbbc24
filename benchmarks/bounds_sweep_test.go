package main_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/sweep"
)

// What a sweep promises.
const (
	minRemovals = 20_000               // per second, on demand
	maxHold     = 5 * time.Millisecond // time of one command in the server
	// p99 of reads during a background pass, as a multiple of that without a pass
	maxSlowdown = 1.5
)

// sweep measures passes on demand, passes in the background, and tracking.
func (b *bounds) sweep() []*report.Table {
	demand := &report.Table{
		Title: "Sweep on demand", Labels: 2,
		Note: fmt.Sprintf("Half of the records are idle and are removed; JSON, 100 B. Times are "+
			"medians of the passes. Heap is the peak growth, sampled every 2 ms. Bounds: at "+
			"least %d removals per second. A key in the longest pass costs at most %d times as "+
			"much as in the shortest. The heap grows by less than %d MiB.",
			minRemovals, maxGrowth, maxHeap>>20),
		Head: []string{"Policy", "Records", "passes", "scanned", "removed", "s", "removals/s",
			"µs/key", "HeapAlloc MiB", "HeapInuse MiB"},
	}
	held := &report.Table{
		Title: "Slowest commands of a sweep", Labels: 3,
		Note: fmt.Sprintf("In µs, from SLOWLOG. Each pass has a slowest command; least and most "+
			"are the smallest and the largest of these. Over is the number of commands over %d "+
			"µs. Reads at the same time are included. SLOWLOG measures elapsed time, so a "+
			"command also looks slow if the machine stops the server in the middle of it. A "+
			"control shows how often that happens: scripts of a few microseconds that touch no "+
			"key, for as long as the pass (in the background, at most 5 s). Bound: at least one "+
			"pass has no command over %d µs, or at most twice as many as its control.",
			maxHold.Microseconds(), maxHold.Microseconds()),
		Head: []string{"Sweep", "Policy", "Records", "passes", "least", "most", "over",
			"slowest of control", "over in control"},
	}
	pacing := &report.Table{
		Title: "Sweep in the background", Labels: 1,
		Note: fmt.Sprintf("Reads of records that are not idle, while a pass of sweep.Periodic "+
			"with its defaults works and while it pauses, in turns of %v. %d goroutines each have "+
			"a read due every %v. A read that the previous one delays counts from when it was "+
			"due. Server, readers and sweep share the cores. p99 values are medians of the "+
			"rounds. Ratios compare neighbouring turns. Bound: the p99 is at most %.1f times as "+
			"high.", pacedSlice(), readers, readEvery, maxSlowdown),
		Head: []string{"Policy", "Records", "rounds", "p99 µs alone", "p99 µs sweeping",
			"ratio p99 (quartiles)", "ratio p50 (quartiles)", "keys/s", "keys/page"},
	}
	tables := []*report.Table{demand, pacing, held}
	for _, p := range sweepers {
		s := newSwept(b.T, p.tracked)
		var first float64
		for _, n := range lengths() {
			passes := 3
			if n == 1_000_000 {
				passes = 2
			}
			each := b.onDemand(demand, held, s, p.label, n, passes)
			if first == 0 {
				first = each
			}
			if each > growthLimit()*first {
				b.breaks("Sweep, %s, costs %.2f µs a key over %d records and %.2f over %d: that "+
					"is not linear", p.label, each, n, first, lengths()[0])
			}
		}
		b.paced(pacing, held, s, p.label)
		if p.tracked {
			tables = append(tables, b.tracking(s)...)
		}
	}
	return tables
}

func (b *bounds) onDemand(
	t, held *report.Table, s *swept, label string, n, passes int,
) (each float64) {
	var took, scanned []float64
	var alloc, inuse uint64
	var slow, control [][]command
	for range passes {
		p := s.sweepAll(n)
		took, scanned = append(took, p.Elapsed.Seconds()), append(scanned, float64(p.Scanned))
		alloc, inuse = max(alloc, p.alloc), max(inuse, p.inuse)
		slow, control = append(slow, p.slow), append(control, p.control)
	}
	seconds, keys := measure.Summarize(took).Median, measure.Summarize(scanned).Median
	rate := float64(n/2) / seconds
	each = seconds / keys * 1e6
	t.Add(label, fmt.Sprint(n), fmt.Sprint(passes), fmt.Sprintf("%.0f", keys), fmt.Sprint(n/2),
		fmt.Sprintf("%.2f", seconds), fmt.Sprintf("%.0f", rate),
		fmt.Sprintf("%.2f", each), mib(alloc), mib(inuse))
	if rate < minRemovals && !*quick {
		b.breaks("Sweep, %s, removes %.0f of %d records per second, at least %d are promised",
			label, rate, n, minRemovals)
	}
	if top := max(alloc, inuse); top >= maxHeap {
		b.breaks("Sweep, %s, over %d records lets the heap grow by %s MiB, %d are allowed", label,
			n, mib(top), maxHeap>>20)
	}
	b.held(held, "on demand", label, n, slow, control)
	return each
}

// held adds a row about the slow commands of passes.
func (b *bounds) held(t *report.Table, kind, label string, n int, passes, controls [][]command) {
	// the slowest command of each pass; one that took no time if there is none
	tops := func(of [][]command) (tops []command) {
		for _, slow := range of {
			tops = append(tops, slices.Concat(slow, []command{{}})[0])
		}
		slices.SortFunc(tops, byTime)
		return tops
	}
	over, control, kept := 0, 0, false
	for i, slow := range passes {
		a, c := held(slow), held(controls[i])
		over, control, kept = over+a, control+c, kept || a <= 2*c
	}
	top := tops(passes)
	t.Add(kind, label, fmt.Sprint(n), fmt.Sprint(len(passes)), top[len(top)-1].String(),
		top[0].String(), fmt.Sprint(over), tops(controls)[0].String(), fmt.Sprint(control))
	if !kept && !*quick { // the few passes of -quick prove nothing on a shared machine
		b.breaks("Sweep %s, %s, over %d records: %d commands take longer than %d µs, the "+
			"slowest %v; of the control it is %d", kind, label, n, over, maxHold.Microseconds(),
			top[0], control)
	}
}

func pacedSlice() time.Duration {
	if *quick {
		return time.Second
	}
	return 1500 * time.Millisecond
}

func (b *bounds) paced(t, held *report.Table, s *swept, label string) {
	n, rounds := 1_000_000, 10
	if *quick {
		n, rounds = 100_000, 3
	}
	p := s.paced(n, rounds, pacedSlice(), sweep.Periodic{})
	var alone, with, p50, p99 []float64
	for i, a := range p.alone {
		w := p.sweeping[i]
		alone, with = append(alone, a.p99), append(with, w.p99)
		p50, p99 = append(p50, w.p50/a.p50), append(p99, w.p99/a.p99)
	}
	ratio := measure.Summarize(p99)
	t.Add(label, fmt.Sprint(n), fmt.Sprint(len(alone)), micros(measure.Summarize(alone).Median),
		micros(measure.Summarize(with).Median),
		spread(ratio), spread(measure.Summarize(p50)), fmt.Sprintf("%.0f",
			float64(p.keys)/p.worked.Seconds()), fmt.Sprintf(
			"%.0f", float64(p.progress.Scanned)/float64(p.pages)))
	if ratio.Median > maxSlowdown && !*quick {
		b.breaks("Sweep in the background, %s: the p99 of reads is %.2f times as high, %.1f is "+
			"allowed", label, ratio.Median, maxSlowdown)
	}
	b.held(held, "in the background", label, n, [][]command{p.slow}, [][]command{p.control})
}

// tracking measures what it costs a Fixed cache to note when records are used.
func (b *bounds) tracking(s *swept) []*report.Table {
	s.grow(s.have)
	times := &report.Table{
		Title: "Get of a Fixed cache that tracks accesses", Labels: 1,
		Note: "Compared with Get of a cache that does not track, over the same records. A read " +
			"is noted if it is the first of its record in this process and window. A window is a " +
			"twentieth of the TTL, and at most a minute.",
		Head: []string{"Read", "plain µs", "tracked µs", "ratio (quartiles)", "extra µs",
			"extra allocs", "commands", "round trips"},
	}
	cases := trackCases(s)
	var compared [][]measure.Result
	for _, c := range cases {
		results, err := b.plan.Run(c)
		if err != nil {
			b.Fatal(err)
		}
		compared = append(compared, results)
	}
	first, further := s.trafficOf(true)
	for i, sent := range []traffic{further, first} {
		c, plain, tracked := cases[i], compared[i][0], compared[i][1]
		times.Add(c.Labels[0], micros(plain.Nanos.Median), micros(tracked.Nanos.Median),
			spread(tracked.Ratio), micros(tracked.Extra.Median),
			fmt.Sprintf("%+.1f",
				tracked.Allocs-plain.Allocs), fmt.Sprint(sent.commands), fmt.Sprint(sent.trips))
	}
	const n = 100_000
	u := indexUsageOf(b.T, n)
	memory := &report.Table{
		Title: "Memory in the server for tracking", Labels: 1,
		Note: fmt.Sprintf("Bytes per record of a Fixed cache of %d records of 100 B.", n),
		Head: []string{"What", "bytes"},
	}
	memory.Add("a record (key, TTL, value), from used_memory", fmt.Sprintf("%.0f", u.record))
	memory.Add("extra for tracking, from used_memory", fmt.Sprintf("%.0f", u.added))
	memory.Add("the index, from MEMORY USAGE", fmt.Sprintf("%.0f", u.index))
	return []*report.Table{times, memory}
}
