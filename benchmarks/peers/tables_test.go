package peers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
)

// tables measures an operation and returns its tables.
func (b *bench) tables(o operation, fields []field) []*report.Table {
	cells := b.measure(o, fields)
	if b.Failed() || len(cells) == 0 { // -run may exclude operations
		return nil
	}
	for _, c := range cells {
		b.check(o, c)
	}
	tables := []*report.Table{ratios(o, cells)}
	if o.detail {
		tables = append(tables, details(o, cells))
	}
	return tables
}

// reference returns the result that the others are compared with: that of the plain cache, or of
// the first side if the plain cache is not measured.
func (c cell) reference() measure.Loaded {
	for i, s := range c.sides {
		if s.kind == ours {
			return c.results[i]
		}
	}
	return c.results[0]
}

// fastest returns the index of the fastest side of these kinds, or -1. It compares the throughput
// with that of the reference, round by round.
func (c cell) fastest(kinds ...kind) int {
	best, most := -1, 0.0
	for i, r := range c.results {
		if beside := r.Beside(c.reference()).Median; slices.Contains(kinds, c.sides[i].kind) &&
			beside > most {
			best, most = i, beside
		}
	}
	return best
}

// ratios has the throughput of each side, with a column per number of goroutines.
func ratios(o operation, cells []cell) *report.Table {
	t := ratioTable(o.title, cells, func(c cell, r measure.Loaded) measure.Stat {
		return r.Beside(c.reference())
	})
	t.Note = fmt.Sprintf("%s\n\nThroughput at N goroutines, as a multiple of %s with the same "+
		"codec (quartiles).\n\n%s",
		o.note, cells[0].reference().Name, winners(cells))
	return t
}

// ratioTable compares the results of each side with the reference of its cell. It has a column per
// number of goroutines.
func ratioTable(
	title string, cells []cell, ratio func(c cell, r measure.Loaded) measure.Stat,
) *report.Table {
	t := &report.Table{Title: title, Labels: 3, Head: []string{"Side", "Codec", "Value"}}
	rows := map[string]int{}
	for _, c := range cells {
		if head := fmt.Sprintf("at %d", c.goroutines); !slices.Contains(t.Head, head) {
			t.Head = append(t.Head, head)
		}
		for i, s := range c.sides {
			key := s.name + "\x00" + c.format.Label + "\x00" + c.size.Label
			if _, ok := rows[key]; !ok {
				rows[key] = len(t.Rows)
				t.Add(s.name, c.format.Label, c.size.Label)
			}
			r := ratio(c, c.results[i])
			t.Rows[rows[key]] = append(t.Rows[rows[key]],
				fmt.Sprintf("%.2f (%.2f–%.2f)", r.Median, r.Q1, r.Q3))
		}
	}
	return t
}

// winners lists the fastest side of each cell.
func winners(cells []cell) string {
	var b strings.Builder
	b.WriteString("The fastest side, and its ratio (peers in bold):\n")
	row := ""
	for _, c := range cells {
		if this := c.format.Label + " " + c.size.Label; this != row {
			row = this
			b.WriteString("\n- " + row + ":")
		} else {
			b.WriteString(";")
		}
		best := c.fastest(floor, ours, onRedis, other, apart)
		name := c.sides[best].name
		if c.sides[best].kind > ours {
			name = "**" + name + "**"
		}
		fmt.Fprintf(&b, " at %d %s (%.2f)", c.goroutines, name,
			c.results[best].Beside(c.reference()).Median)
	}
	return b.String()
}

// details has all measurements of the smallest records.
func details(o operation, cells []cell) *report.Table {
	t := &report.Table{
		Title: o.title + ", in detail", Labels: 2,
		Note: fmt.Sprintf("Values of %s, per call. Percentiles are medians over the slices. "+
			"Commands and server time are from INFO commandstats.", payload.Small.Label),
		Head: []string{"Side", "Codec", "goroutines", "calls/s (quartiles)", "p50 µs", "p99 µs",
			"allocs", "commands", "server µs"},
	}
	for _, c := range cells {
		if c.size.Label != payload.Small.Label {
			continue
		}
		for _, r := range c.results {
			rate := r.Rate()
			t.Add(r.Name, c.format.Label, fmt.Sprint(c.goroutines),
				fmt.Sprintf("%.0f (%.0f–%.0f)", rate.Median, rate.Q1, rate.Q3),
				fmt.Sprintf("%.1f", r.P50/1e3), fmt.Sprintf("%.1f", r.P99/1e3), fmt.Sprintf("%.1f",
					r.Allocs), fmt.Sprintf("%.2f", r.Work.Commands), fmt.Sprintf(
					"%.2f", r.Work.Micros))
		}
	}
	return t
}
