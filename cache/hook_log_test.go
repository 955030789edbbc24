package cache_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
)

// lines holds the output of a LogHook.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// all returns the lines so far, as "LEVEL message operation outcome count".
func (l *lines) all(t *testing.T) (all []string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		var e struct {
			Level, Msg, Cache, Operation, Outcome string
			Count                                 int
		}
		must(t, json.Unmarshal([]byte(line), &e))
		text := fmt.Sprintf("%s %s %s %s", e.Level, strings.TrimPrefix(e.Msg, "rediscache: "),
			e.Operation, e.Outcome)
		if e.Count > 0 {
			text += fmt.Sprint(" ", e.Count)
		}
		all = append(all, text)
	}
	return all
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func logHook(level slog.Level, slow time.Duration) (cache.Hook, *lines) {
	l := &lines{}
	handler := slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level})
	return cache.LogHook(slog.New(handler), slow), l
}

func wantLines(t *testing.T, l *lines, want ...string) {
	t.Helper()
	if got := l.all(t); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("logged:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLogHookLevels(t *testing.T) {
	failed := errors.New("broken")
	sweepOp := cache.Op{Kind: "Sweep", Outcome: cache.OutcomeOK, Sweep: &sweep.Result{Removed: 3}}
	ops := []cache.Op{
		{Kind: "Get", Outcome: cache.OutcomeHit, Elapsed: time.Millisecond},
		{Kind: "Get", Outcome: cache.OutcomeMiss, Elapsed: time.Millisecond},
		{Kind: "Get", Outcome: cache.OutcomeHit, Elapsed: time.Second},
		{Kind: "Get", Outcome: cache.OutcomeError, Err: failed, ErrorType: "decode"},
		{Kind: "Get", Outcome: cache.OutcomeError, Err: context.Canceled, ErrorType: "canceled"},
		sweepOp,
	}
	for name, tt := range map[string]struct {
		level slog.Level
		slow  time.Duration
		want  []string
	}{
		"debug": {slog.LevelDebug, time.Second, []string{
			"DEBUG done Get hit", "DEBUG done Get miss", "INFO slow Get hit",
			"WARN failed Get error", "DEBUG done Get error", "INFO swept Sweep ok"}},
		"info": {slog.LevelInfo, time.Second, []string{
			"INFO slow Get hit", "WARN failed Get error", "INFO swept Sweep ok"}},
		"no slow threshold": {slog.LevelInfo, 0, []string{
			"WARN failed Get error", "INFO swept Sweep ok"}},
		"warn": {slog.LevelWarn, time.Second, []string{"WARN failed Get error"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, l := logHook(tt.level, tt.slow)
				for _, op := range ops {
					h.End(h.Start(t.Context(), op), op)
				}
				time.Sleep(10 * time.Second)
				wantLines(t, l, tt.want...)
			})
		})
	}
}

// An operation that keeps failing writes a line at once, then at most one per second.
func TestLogHookRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, l := logHook(slog.LevelInfo, time.Second)
		end := func(kind, errorType string) {
			h.End(t.Context(), cache.Op{
				Kind: kind, Cache: "users", Outcome: cache.OutcomeError, Err: errors.New(errorType),
				ErrorType: errorType,
			})
		}
		for range 100 { // within a second
			end("Get", "connection")
			end("Set", "timeout")
			end("GetOrLoad", "unavailable")
			time.Sleep(9 * time.Millisecond)
		}
		end("Get", "decode")
		end("Set", "decode") // another operation
		time.Sleep(time.Second)
		end("Get", "connection") // still within the second of the last line
		time.Sleep(10 * time.Second)
		end("Get", "connection")
		time.Sleep(10 * time.Second)
		wantLines(t, l, "WARN failed Get error", "WARN failed Get error", "WARN failed Set error",
			"WARN failed GetOrLoad error 299", "WARN failed Get error", "WARN failed Get error")

		slow, l := logHook(slog.LevelInfo, time.Second)
		for range 50 {
			slow.End(t.Context(), cache.Op{Kind: "Get", Cache: "users", Elapsed: 2 * time.Second})
			slow.End(t.Context(), cache.Op{Kind: "Get", Cache: "flags", Elapsed: 2 * time.Second})
		}
		time.Sleep(10 * time.Second)
		if got := l.all(t); len(got) != 4 || !strings.HasSuffix(got[3], " 49") {
			t.Errorf("slow operations are logged as %q", got)
		}
	})
}

// answer is an error that Redis returns.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}

// When Redis fails, all operations fail. Each cause has one line and one count of its repeats, for
// all operations together.
func TestLogHookCauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, l := logHook(slog.LevelInfo, time.Second)
		for _, kind := range []string{"Get", "Set", "Add", "Modify", "Load"} {
			for _, op := range []cache.Op{
				{Elapsed: time.Second}, {ErrorType: "connection", Err: errDatabase},
				{Elapsed: time.Second, ErrorType: "canceled", Err: context.Canceled},
				{ErrorType: "timeout", Err: errDatabase},
				{ErrorType: "unavailable", Err: errDatabase},
				{ErrorType: "unknown_outcome", Err: errDatabase},
				{ErrorType: "redis", Err: &cache.Error{Err: answer("OOM " + kind)}},
				{ErrorType: "redis", Err: &cache.Error{Err: answer("NOPERM " + kind)}},
			} {
				op.Kind = kind
				h.End(t.Context(), op)
			}
		}
		time.Sleep(10 * time.Second)
		got := l.all(t)
		for i := range got {
			got[i] = strings.TrimSpace(got[i])
		}
		slices.Sort(got[4:]) // they are written at the same time
		if want := []string{"INFO slow Get", "WARN failed Get", "WARN failed Get",
			"WARN failed Get", "INFO slow Load  9", "WARN failed Load  19", "WARN failed Load  4",
			"WARN failed Load  4"}; !slices.Equal(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
	})
}

// When Redis is down, few lines are written, and none shows a key or a value.
func TestLogHookOfADeadRedis(t *testing.T) {
	s := redistest.Start(t)
	h, l := logHook(slog.LevelInfo, time.Second)
	u := mustNew[string](t, s.Client(t, func(o *redis.UniversalOptions) {
		o.DialerRetries, o.MaxRetries = 1, -1
	}), "users", jsonUsers, &cache.Options{Hook: h})
	must(t, u.Set(ctx(t), "secret-key", User{Name: "secret-value"}))
	s.Stop()
	begun := time.Now()
	for range 50 {
		_, _ = u.Get(ctx(t), "secret-key")
		_ = u.Set(ctx(t), "secret-key", User{Name: "secret-value"})
		_, _ = u.GetMany(ctx(t), []string{"secret-key", "another-secret-key"})
		_, _ = u.GetOrLoad(ctx(t), "secret-key", func(context.Context, string) (User, error) {
			return User{Name: "secret-value"}, nil
		})
		_, _ = u.Len(ctx(t))
	}
	got := l.all(t)
	if most := 2*int(time.Since(begun)/time.Second) + 2; len(got) == 0 || len(got) > most {
		t.Errorf("%d lines for 250 operations in %v:\n%s", len(got), time.Since(begun), l.text())
	}
	if strings.Contains(l.text(), "secret") {
		t.Errorf("logged: %s", l.text())
	}
}

// A record that is loaded while Redis does not answer is no failure, and the line says so.
func TestLogHookNotStored(t *testing.T) {
	var out lines
	rdb := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:1", ContextTimeoutEnabled: true, MaxRetries: -1,
		DialerRetries: 1,
	})
	defer rdb.Close()
	u := mustNew[int64](t, rdb, "users", jsonUsers, &cache.Options{
		Hook: cache.LogHook(slog.New(slog.NewJSONHandler(&out, nil)), 0),
	})
	load := func(context.Context, int64) (User, error) { return ann, nil }
	_, err := u.GetOrLoad(ctx(t), 1, load)
	must(t, err)
	eventually(t, func() bool { // after the line of the Outage
		return strings.Contains(strings.Join(out.all(t), "\n"), "WARN not stored Load loaded")
	}, out.text)
}
