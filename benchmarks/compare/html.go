package compare

import (
	_ "embed"
	"html/template"
	"io"
	"time"
)

//go:embed page.gohtml
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// section is a Result on the page.
type section struct {
	*Result
	About string
	Bars  []bar
	Rows  []row
}

// columns are neighbours in the table that share a head.
type columns struct {
	Title string
	Units []string // head of each column
}

// row is a codec in the table of a section.
type row struct {
	Name  string
	Best  bool // the codec that the report recommends
	Cells []cell
}

type cell struct {
	Text, Spread string
	Best         bool // of its column
}

// WriteHTML writes the report as one page: the recommendations, a chart and a table for each group.
// The page loads nothing, runs no script, and follows the reader's choice of light or dark.
func (r *Report) WriteHTML(w io.Writer) error {
	metrics := r.metrics()
	var sections []section
	for i := range r.Results {
		result := &r.Results[i]
		sections = append(sections, section{result, result.about(),
			bars(result.Codecs, result.Best), result.rows(metrics)})
	}
	return page.Execute(w, struct {
		*Report
		When, Turns string
		Columns     []columns
		Sections    []section
	}{r, r.Time.Format(time.RFC1123), plural(r.Rounds, "round"), grouped(metrics), sections})
}

func grouped(metrics []metric) []columns {
	var all []columns
	for i, m := range metrics {
		if i == 0 || metrics[i-1].group != m.group {
			all = append(all, columns{Title: m.group})
		}
		last := &all[len(all)-1]
		last.Units = append(last.Units, m.unit)
	}
	return all
}

// rows returns the cells of the page's table.
func (r *Result) rows(metrics []metric) []row {
	all := make([]row, len(r.Codecs))
	for i, f := range r.Codecs {
		all[i] = row{Name: f.Name, Best: f.Name == r.Best, Cells: make([]cell, len(metrics))}
	}
	for column, m := range metrics {
		best, differ := r.best(m)
		for i, f := range r.Codecs {
			if f.Error != "" {
				all[i].Cells[column] = cell{Text: "–"}
				continue
			}
			c := cell{Text: number(m.value(f))}
			c.Best = differ && c.Text == best
			if m.spread != nil {
				low, high := m.spread(f)
				c.Spread = number(low) + "–" + number(high)
			}
			all[i].Cells[column] = c
		}
	}
	return all
}

// best returns the best figure of a column as the page shows it, and whether the codecs differ.
func (r *Result) best(m metric) (text string, differ bool) {
	var best float64
	first := true
	for _, f := range r.Codecs {
		if f.Error != "" {
			continue
		}
		v := m.value(f)
		if !first && number(v) != text {
			differ = true
		}
		if first || (v > best) == m.moreIsGood && v != best {
			best, text = v, number(v)
		}
		first = false
	}
	return text, differ
}
