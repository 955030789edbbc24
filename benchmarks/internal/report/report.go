// Package report writes results as Markdown, into the part of a file that is
// the tool's and nobody's hand touches.
package report

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Table is a table with a heading and words below it.
type Table struct {
	Title  string
	Note   string
	Head   []string
	Labels int // the first columns are texts, the others numbers
	Rows   [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Markdown returns the table, its columns in line.
func (t *Table) Markdown() string {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n\n", t.Title, t.Note)
	line := func(row []string) {
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i < t.Labels {
				b.WriteString("| " + cell + pad + " ")
			} else {
				b.WriteString("| " + pad + cell + " ")
			}
		}
		b.WriteString("|\n")
	}
	line(t.Head)
	for i := range t.Head {
		if i < t.Labels {
			b.WriteString("|" + strings.Repeat("-", width[i]+2))
		} else {
			b.WriteString("|" + strings.Repeat("-", width[i]+1) + ":")
		}
	}
	b.WriteString("|\n")
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}

// Machine says where and when something was measured.
func Machine(redisVersion, command string) string {
	return fmt.Sprintf("%s, %s, %d cores, %s/%s; Go %s; Redis %s; go-redis and server on this machine, over loopback. Load average at the end: %s.\n\nCommand: `%s`\n",
		time.Now().UTC().Format(time.DateOnly), cpu(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		strings.TrimPrefix(runtime.Version(), "go"), redisVersion, load(), command)
}

func cpu() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(data)); err == nil && len(fields) > 0 {
		return fields[0]
	}
	return "unknown"
}

// The section of a file that Replace writes stands between these lines.
const (
	Begin = "<!-- results: written by TestBounds -write, not by hand -->"
	End   = "<!-- end of results -->"
)

// Replace puts text between the marks in the file.
func Replace(file, text string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, rest, begins := bytes.Cut(data, []byte(Begin))
	_, tail, ends := bytes.Cut(rest, []byte(End))
	if !begins || !ends {
		return fmt.Errorf("%s has no section between %q and %q", file, Begin, End)
	}
	out := fmt.Appendf(nil, "%s%s\n\n%s\n%s%s", head, Begin, strings.TrimRight(text, "\n")+"\n", End, tail)
	return os.WriteFile(file, out, 0o644)
}
