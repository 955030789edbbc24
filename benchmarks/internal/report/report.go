// Package report writes results as Markdown into a marked section of a file. A test owns that
// section; nobody edits it by hand.
package report

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// Table is a table with a heading and a note between the two.
type Table struct {
	Title  string
	Note   string
	Head   []string
	Labels int // how many columns from the left are texts; the others are numbers
	Rows   [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Markdown returns the heading, the note and the table, with aligned columns.
func (t *Table) Markdown() string {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n\n", t.Title, wrap(t.Note))
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

// maxWidth is the longest line that wrap makes, in characters.
const maxWidth = 100

// wrap breaks long lines at spaces, but not within a code span. The rest of a list item is
// indented.
func wrap(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		indent := ""
		if strings.HasPrefix(line, "- ") {
			indent = "  "
		}
		width := 0
		for j, word := range words(line) {
			length := utf8.RuneCountInString(word)
			switch {
			case j == 0:
			case width+1+length <= maxWidth:
				b.WriteString(" ")
				width++
			default:
				b.WriteString("\n" + indent)
				width = len(indent)
			}
			b.WriteString(word)
			width += length
		}
	}
	return b.String()
}

// words splits a line at its spaces, except those within a code span.
func words(line string) []string {
	var found []string
	inCode := false
	for word := range strings.SplitSeq(line, " ") {
		if inCode {
			found[len(found)-1] += " " + word
		} else {
			found = append(found, word)
		}
		inCode = inCode != (strings.Count(word, "`")%2 == 1)
	}
	return found
}

// Section returns the text that a test prints and writes: the head, the broken bounds, the tables.
func Section(head string, broken []string, tables []*Table) string {
	var b strings.Builder
	b.WriteString(wrap(head) + "\n")
	if len(broken) == 0 {
		b.WriteString("All bounds hold.\n")
	}
	for _, what := range broken {
		b.WriteString(wrap("- **Broken:** "+what) + "\n")
	}
	for _, table := range tables {
		b.WriteString("\n" + table.Markdown())
	}
	return b.String()
}

// Publish ends a test. It prints the Section and reports each broken bound as an error of the test.
// If write is set, it also writes the Section into the test's section of the file.
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

// Machine returns the head of a Section: when, where and with which command it was measured.
func Machine(redisVersion, command string) string {
	return fmt.Sprintf("%s, %s; Redis %s; go-redis and server on this machine, over loopback. "+
		"Load average at the end: %s.\n\nCommand: `%s`\n",
		time.Now().UTC().Format(time.DateOnly), Host(), redisVersion, Load(), command)
}

// Host describes the machine and the Go version of this process.
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

// Load returns the load average of the last minute. Where there is no /proc it is "unknown".
func Load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(data)); err == nil && len(fields) > 0 {
		return fields[0]
	}
	return "unknown"
}

// Begin returns the line above the section that the test of this name writes.
func Begin(test string) string {
	return "<!-- results: written by " + test + " -write, not by hand -->"
}

// End is the line below each section.
const End = "<!-- end of results -->"

// Replace writes text into the test's section of the file. It fails if the file has no such
// section.
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
