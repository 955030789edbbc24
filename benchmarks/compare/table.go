package compare

import (
	"fmt"
	"io"
	"strings"

	"github.com/activettl/rediscache/benchmarks/internal/report"
)

// WriteTable writes the report as text for a terminal: a Markdown table for each group, then the
// recommendations.
func (r *Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. Server: %s. %s.\n\n", r.Host, r.Server, plural(r.Rounds, "round"))
	fmt.Fprintf(&b, "Figures are per record, times in µs. p50 and p99 are of single calls, /s of "+
		"%s.\nMemory in Redis: %s.\n", plural(r.Parallel, "goroutine"), r.Memory)
	metrics := r.metrics()
	for _, result := range r.Results {
		b.WriteString("\n" + result.table(metrics).Markdown())
		for _, f := range result.Codecs {
			if f.Error != "" {
				fmt.Fprintf(&b, "\n%s is not measured: %s\n", f.Name, f.Error)
			}
		}
	}
	b.WriteString("\n### Recommendation\n\n")
	if r.Caution != "" {
		fmt.Fprintf(&b, "Caution: %s.\n\n", r.Caution)
	}
	for _, result := range r.Results {
		fmt.Fprintf(&b, "- %s: %s\n", result.Name, result.recommendation())
	}
	fmt.Fprintf(&b, "\nRule: %s.\n", r.Rule)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) recommendation() string {
	if r.Best == "" {
		return r.Why
	}
	return r.Best + ", " + r.Why
}

// about returns the number of records and the Go type that each codec has them in.
func (r *Result) about() string {
	var types []string
	for i := 0; i < len(r.Codecs); {
		names := []string{r.Codecs[i].Name}
		kind := r.Codecs[i].Type
		for i++; i < len(r.Codecs) && r.Codecs[i].Type == kind; i++ {
			names = append(names, r.Codecs[i].Name)
		}
		types = append(types, fmt.Sprintf("%s: %s", strings.Join(names, ", "), kind))
	}
	about := fmt.Sprintf("%s. %s.", plural(r.Records, "record"), strings.Join(types, "; "))
	if r.Note != "" {
		about += " " + r.Note
	}
	return about
}

func (r *Result) table(metrics []metric) *report.Table {
	t := &report.Table{Title: r.Name, Note: r.about(), Head: []string{"codec"}, Labels: 1}
	for _, m := range metrics {
		t.Head = append(t.Head, m.column)
	}
	for _, f := range r.Codecs {
		row := []string{f.Name}
		for _, m := range metrics {
			cell := "–"
			if f.Error == "" {
				cell = number(m.value(f))
			}
			row = append(row, cell)
		}
		t.Add(row...)
	}
	return t
}
