package redistest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestLogBook(t *testing.T) {
	var l logBook
	if lines, total := l.since(0); len(lines) != 0 || total != 0 {
		t.Errorf("an empty one holds %d lines of %d", len(lines), total)
	}
	const n = 3*keptLines + 7
	for i := range n {
		l.Printf(t.Context(), "line %d", i)
	}
	for _, from := range []int{0, n - 2, n, n + 1} {
		lines, total := l.since(from)
		want := min(max(n-from, 0), keptLines)
		if total != n || from == 0 && len(lines) < want || from > 0 && len(lines) != want {
			t.Errorf("from %d on: %d lines of %d, want %d of %d", from, len(lines), total, want, n)
		}
		if last := fmt.Sprint("line ", n-1); want > 0 &&
			!strings.HasSuffix(lines[len(lines)-1], last) {
			t.Errorf("the last line is %q, want %q", lines[len(lines)-1], last)
		}
	}
	var b strings.Builder
	l.show(&b)
	if got := strings.Count(b.String(), "\n"); got != shownLines+1 {
		t.Errorf("it shows %d lines:\n%s", got, b.String())
	}
}

func TestChildLogs(t *testing.T) {
	onlyAsChild(t)
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DialerRetries: 1, MaxRetries: -1})
	defer rdb.Close()
	if err := rdb.Ping(t.Context()).Err(); err == nil {
		t.Skip("somebody listens on port 1")
	}
	if lines, n := LoggedSince(0); n == 0 || len(lines) != n {
		t.Errorf("go-redis logged %d lines, %d are kept", n, len(lines))
	}
	if os.Getenv("FAIL") != "" {
		t.Fatal("on purpose")
	}
}

// What go-redis logs is shown only after a failure.
func TestClientLog(t *testing.T) {
	const says = "failed to dial"
	if out, err := child(t, "TestChildLogs"); err != nil || strings.Contains(out, says) {
		t.Errorf("a child that passes: %v\n%s", err, out)
	}
	if out, err := child(t, "TestChildLogs", "FAIL=1"); err == nil || !strings.Contains(out, says) {
		t.Errorf("a child that fails: %v\n%s", err, out)
	}
}
