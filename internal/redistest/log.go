package redistest

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// clientLog is what go-redis logs in this test binary: a line for almost every command that meets a
// dead server. It is shown only if a test fails.
var clientLog logBook

// LoggedSince returns the lines that go-redis has logged from the nth on, and how many it has
// logged in all. At least the last 10,000 lines are kept.
func LoggedSince(n int) (lines []string, total int) { return clientLog.since(n) }

func collectLog() { redis.SetLogger(&clientLog) }

// logBook keeps the last lines of a log. The zero value is empty. Safe for concurrent use.
type logBook struct {
	mu      sync.Mutex
	lines   []string
	dropped int // lines before the first one
}

const (
	keptLines  = 10_000
	shownLines = 30 // after a failure
)

// Printf implements the logger interface of go-redis.
func (l *logBook) Printf(_ context.Context, format string, args ...any) {
	line := time.Now().Format("15:04:05.000 ") + fmt.Sprintf(format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == 2*keptLines {
		l.lines = append([]string(nil), l.lines[keptLines:]...)
		l.dropped += keptLines
	}
	l.lines = append(l.lines, line)
}

func (l *logBook) since(n int) (lines []string, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	total = l.dropped + len(l.lines)
	from := min(max(n-l.dropped, 0), len(l.lines))
	return append([]string(nil), l.lines[from:]...), total
}

// show writes the last lines.
func (l *logBook) show(w io.Writer) {
	lines, total := l.since(0)
	last := lines[max(0, len(lines)-shownLines):]
	if len(last) == 0 {
		return
	}
	fmt.Fprintf(w, "redistest: go-redis has logged %d lines; the last ones:\n", total)
	for _, line := range last {
		fmt.Fprintln(w, " ", line)
	}
}
