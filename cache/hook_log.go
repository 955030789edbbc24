package cache

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// LogHook returns a Hook that logs:
//   - at Warn, what fails, but for operations whose caller gave up ("canceled");
//   - at Info, sweeps, and operations that took at least slow, if that is not 0;
//   - at Debug, everything else. A miss is no failure.
//
// Of the same failure it logs one line at once, and at most one line in each second after it, with
// the number of those in between as count. A line may come up to a second after the last failure.
//
// Failures are the same if they have the same cache, Kind and ErrorType. For a cache, three more
// are the same, whatever their Kind: all that says that Redis does not answer; all that it answers
// with the same code, such as OOM; and all slow operations.
//
// No line holds a key or a value. logger must not be nil.
func LogHook(logger *slog.Logger, slow time.Duration) Hook {
	return &logHook{logger: logger, slow: slow, repeats: map[repeat]*repeated{}}
}

type logHook struct {
	logger *slog.Logger
	slow   time.Duration

	mu      sync.Mutex
	repeats map[repeat]*repeated // what was logged less than a second ago
}

// repeat is what operations have in common that share a line.
type repeat struct{ cache, kind, errorType string }

// repeated are operations that are not yet logged.
type repeated struct {
	count int
	last  Op
}

// logEvery is the time between two lines of the same failure.
const logEvery = time.Second

// Start implements Hook.
func (h *logHook) Start(ctx context.Context, _ Op) context.Context { return ctx }

// End implements Hook.
func (h *logHook) End(ctx context.Context, op Op) {
	level, what := h.level(&op)
	if !h.logger.Enabled(ctx, level) {
		return
	}
	if level == slog.LevelDebug || op.Kind == "Sweep" && op.Err == nil {
		h.log(ctx, level, what, &op, 1)
		return
	}
	if as := sameAs(&op); !h.isRepeated(as, &op) {
		h.log(ctx, level, what, &op, 1)
	}
}

// isRepeated reports whether an operation is logged later, since one like it was logged lately.
func (h *logHook) isRepeated(as repeat, op *Op) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.repeats[as]; r != nil {
		r.count++
		r.last = *op
		return true
	}
	h.repeats[as] = &repeated{}
	time.AfterFunc(logEvery, func() { h.logRepeated(as) })
	return false
}

// logRepeated logs what has come in a second, and goes on for as long as anything comes.
func (h *logHook) logRepeated(as repeat) {
	h.mu.Lock()
	r := h.repeats[as]
	count, last := r.count, r.last
	if r.count = 0; count == 0 {
		delete(h.repeats, as)
	}
	h.mu.Unlock()
	if count > 0 {
		time.AfterFunc(logEvery, func() { h.logRepeated(as) })
		level, what := h.level(&last)
		h.log(context.Background(), level, what, &last, count)
	}
}

// log logs one line.
func (h *logHook) log(ctx context.Context, level slog.Level, what string, op *Op, count int) {
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("cache", op.Cache), slog.String("operation", op.Kind),
		slog.String("outcome", string(op.Outcome)), slog.Int("keys", op.Keys),
		slog.Duration("elapsed", op.Elapsed))
	if op.Kind == "Sweep" && op.Sweep != nil {
		attrs = append(attrs, slog.Int("removed", op.Sweep.Removed),
			slog.Int("failed", op.Sweep.Failed))
	}
	if op.Err != nil {
		attrs = append(attrs, slog.String("error_type", op.ErrorType),
			slog.String("error", op.Err.Error()))
	}
	if count > 1 {
		attrs = append(attrs, slog.Int("count", count))
	}
	h.logger.LogAttrs(ctx, level, what, attrs...)
}

// level returns at which level an operation is logged, and under which message.
func (h *logHook) level(op *Op) (slog.Level, string) {
	switch {
	case op.Err != nil && op.ErrorType != "canceled":
		return slog.LevelWarn, "rediscache: failed"
	case op.Kind == "Sweep":
		return slog.LevelInfo, "rediscache: swept"
	case h.slow > 0 && op.Elapsed >= h.slow:
		return slog.LevelInfo, "rediscache: slow"
	}
	return slog.LevelDebug, "rediscache: done"
}

// sameAs returns what an operation that failed or was slow has in common with others. When Redis
// fails, all kinds of operations do, and few lines say so.
func sameAs(op *Op) repeat {
	switch op.ErrorType {
	case "", "canceled": // it was slow
		return repeat{cache: op.Cache}
	case "connection", "timeout", "unavailable", "unknown_outcome":
		return repeat{cache: op.Cache, errorType: "unanswered"}
	case "redis":
		code := ""
		if answer, ok := errors.AsType[redis.Error](op.Err); ok {
			code, _, _ = strings.Cut(answer.Error(), " ")
		}
		return repeat{cache: op.Cache, errorType: "redis " + code}
	}
	return repeat{op.Cache, op.Kind, op.ErrorType}
}
