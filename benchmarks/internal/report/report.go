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

// Section is what a test writes: the head, what is broken, and the tables.
func Section(head string, broken []string, tables []*Table) string {
	var b strings.Builder
	b.WriteString(head + "\n")
	if len(broken) == 0 {
		b.WriteString("All bounds hold.\n")
	}
	for _, what := range broken {
		b.WriteString("- **Broken:** " + what + "\n")
	}
	for _, table := range tables {
		b.WriteString("\n" + table.Markdown())
	}
	return b.String()
}

// Publish ends a test: it prints the Section, fails for what is broken, and puts the Section into the
// test's place in the file if write is set.
func Publish(
	t interface {
		Name() string
		Error(args ...any)
	},
	file, head string, broken []string, tables []*Table, write bool,
) {
	text := Section(head, broken, tables)
	for _, what := range broken {
		t.Error(what)
	}
	fmt.Print("\n" + text + "\n")
	if !write {
		return
	}
	if err := Replace(file, t.Name(), text); err != nil {
		t.Error(err)
	}
}

// Machine says where and when something was measured.
func Machine(redisVersion, command string) string {
	return fmt.Sprintf("%s, %s; Redis %s; go-redis and server on this machine, over loopback. "+
		"Load average at the end: %s.\n\nCommand: `%s`\n",
		time.Now().UTC().Format(time.DateOnly), Host(), redisVersion, Load(), command)
}

// Host says what this process runs on.
func Host() string {
	return fmt.Sprintf("%s, %d cores, %s/%s; Go %s",
		cpu(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, strings.TrimPrefix(runtime.Version(),
			"go"))
}

func cpu() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok &&
			strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

// Load is the load average of the last minute, or "unknown" off Linux.
func Load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(data)); err == nil && len(fields) > 0 {
		return fields[0]
	}
	return "unknown"
}

// Begin is the line above the section of a file that the test of this name writes.
func Begin(test string) string {
	return "<!-- results: written by " + test + " -write, not by hand -->"
}

// End is the line below a section.
const End = "<!-- end of results -->"

// Replace puts text into the test's section of the file.
func Replace(file, test, text string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin := Begin(test)
	head, rest, begins := bytes.Cut(data, []byte(begin))
	_, tail, ends := bytes.Cut(rest, []byte(End))
	if !begins || !ends {
		return fmt.Errorf("%s has no section between %q and %q", file, begin, End)
	}
	out := fmt.Appendf(nil, "%s%s\n\n%s\n%s%s", head, begin, strings.TrimRight(text, "\n")+"\n",
		End, tail)
	return os.WriteFile(file, out, 0o644)
}
