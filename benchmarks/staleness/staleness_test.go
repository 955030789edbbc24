package staleness

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/internal/redistest"
)

// TestStaleness makes faults, prints the age of answers from memory, and fails if one is older than
// the bound.
func TestStaleness(t *testing.T) {
	if testing.Short() || flag.Lookup("test.bench").Value.String() != "" {
		t.Skip("-short or -bench is set")
	}
	if *wr && (*quick || *only != "") {
		t.Fatal("-write needs long runs of all faults")
	}
	n := *runs
	if *quick {
		n = 1
	}
	version, err := serverinfo.Version(t.Context(), redistest.Start(t).Client(t))
	if err != nil {
		t.Fatal(err)
	}
	table := newTable(n)
	var chosen []fault
	for _, f := range faults() {
		if strings.Contains(f.name, *only) {
			chosen = append(chosen, f)
		}
	}
	all := make([][]outcome, len(chosen))
	t.Run("faults", func(t *testing.T) {
		for i, f := range chosen {
			for run := range n {
				t.Run(fmt.Sprint(f.name, "/", run), func(t *testing.T) {
					if *quick {
						t.Parallel()
					}
					all[i] = append(all[i], do(t, f))
				})
			}
		}
	})
	var broken []string
	for i, f := range chosen {
		if len(all[i]) < n {
			broken = append(broken, f.name+": a run did not finish")
		}
		broken = append(broken, add(table, f, all[i])...)
	}
	command := "go -C benchmarks test ./staleness -run TestStaleness -count 1 -timeout 2h -v"
	flag.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "quick", "write":
			command += " -" + f.Name
		case "runs":
			command += " -runs " + f.Value.String()
		}
	})
	head := report.Machine(version, command)
	report.Publish(t, "../results/staleness.md", head, broken, []*report.Table{table}, *wr)
}

const note = "The worst age of an answer in ms: from the acknowledgement of the write that " +
	"replaced it to the start of the read. It is 0 if no answer was replaced. `memory` is for " +
	"answers from memory, `Redis` for the other reads of the cache, and `GET` for a plain GET of " +
	"the same client. Bound: `memory` at most %d. There are %d runs of each fault. Share: reads " +
	"answered from memory, medians. Checks: versions that memory returned and that were replaced."

func newTable(n int) *report.Table {
	return &report.Table{
		Title: "Staleness of reads from memory",
		Note:  fmt.Sprintf(note, bound.Milliseconds(), n),
		Head: []string{"Fault", "bound", "memory", "Redis", "GET", "share before", "during",
			"after", "reads", "checks"},
		Labels: 1,
	}
}

// add adds a fault to the table, and returns what is broken.
func add(table *report.Table, f fault, all []outcome) (broken []string) {
	if len(all) == 0 {
		return nil
	}
	sum := all[0]
	for _, o := range all[1:] {
		for source := range sum.worst {
			sum.worst[source] = max(sum.worst[source], o.worst[source])
		}
		sum.reads, sum.checks, sum.odd = sum.reads+o.reads, sum.checks+o.checks, sum.odd+o.odd
	}
	limit := fmt.Sprint(bound.Milliseconds())
	if f.free {
		limit = "none"
	}
	cells := []string{f.name, limit}
	for _, worst := range sum.worst {
		cells = append(cells, fmt.Sprintf("%.1f", float64(worst)/float64(time.Millisecond)))
	}
	for phase := range sum.share {
		cells = append(cells, fmt.Sprintf("%.2f", median(all, func(o outcome) float64 {
			return o.share[phase]
		})))
	}
	table.Add(append(cells, fmt.Sprint(sum.reads), fmt.Sprint(sum.checks))...)
	if worst := sum.worst[memory]; worst > bound && !f.free {
		broken = append(broken, fmt.Sprintf("%s: memory returned a value that was replaced %v "+
			"before; the bound is %v", f.name, worst, bound))
	}
	if sum.odd > 0 {
		broken = append(broken, fmt.Sprintf("%s: memory returned %d versions that nobody wrote",
			f.name, sum.odd))
	}
	if sum.checks == 0 {
		broken = append(broken, f.name+": nothing was checked")
	}
	return broken
}

func median(all []outcome, of func(outcome) float64) float64 {
	some := make([]float64, len(all))
	for i, o := range all {
		some[i] = of(o)
	}
	slices.SortFunc(some, cmp.Compare[float64])
	return some[len(some)/2]
}

func faults() []fault {
	return slices.Concat(singleFaults, processFaults, clientFaults, sentinelFaults, clusterFaults)
}
