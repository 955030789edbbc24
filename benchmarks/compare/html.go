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
	About  string
	Head   []string
	Rows   [][]string
	Charts []figure
}

type figure struct {
	Title, Better string
	SVG           template.HTML
}

// WriteHTML writes the report as one page that loads nothing from elsewhere and runs no script: a
// chart for each metric, the tables and the recommendations. It is light or dark as the reader's
// system is.
func (r *Report) WriteHTML(w io.Writer) error {
	metrics := r.metrics()
	var sections []section
	for i := range r.Results {
		result := &r.Results[i]
		table := result.table(metrics)
		s := section{Result: result, About: table.Note, Head: table.Head, Rows: table.Rows}
		if result.Best != "" {
			for _, m := range metrics {
				svg, err := chart(m, result.Codecs)
				if err != nil {
					return err
				}
				s.Charts = append(s.Charts, figure{m.title, m.better, svg})
			}
		}
		sections = append(sections, s)
	}
	return page.Execute(w, struct {
		*Report
		When     string
		Sections []section
	}{r, r.Time.Format(time.RFC1123), sections})
}
