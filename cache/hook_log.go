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

// LogHook returns a Hook that logs operations to logger, which must not be nil. It is safe for
// concurrent use. The levels are:
//
//   - Warn: failures, except those with the ErrorType "canceled", since the caller gave up; also
//     "not stored", for a record that was loaded and may not be in Redis
//   - Info: sweeps, and operations that took at least slow; with 0, no operation is slow
//   - Debug: everything else; a miss is not a failure
//
// Repeated failures share lines. LogHook logs the first one at once. Then it logs at most one line
// per second, with the attribute count: the number of failures since the last line. A line may come
// up to a second after the last failure.
//
// Failures share lines if they have the same cache, Kind and ErrorType. In addition, these share
// lines for all Kinds of one cache:
//
//   - failures because Redis does not answer
//   - failures because Redis answers with the same code, such as OOM
//   - slow operations
//
// No line holds a key or a value, with the exception that [Op] has for errors of the caller's
// functions.
func LogHook(logger *slog.Logger, slow time.Duration) Hook {
	return &logHook{logger: logger, slow: slow, repeats: map[repeat]*repeated{}}
}

type logHook struct {
	logger *slog.Logger
	slow   time.Duration

	mu      sync.Mutex
	repeats map[repeat]*repeated // what was logged in the last second
}

// repeat is what operations that share a line have in common.
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

// isRepeated reports whether an operation is logged later, because a similar one was logged
// recently.
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

// logRepeated logs what came in the last second. It runs again after a second if anything came.
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

// level returns the level and the message for an operation.
func (h *logHook) level(op *Op) (slog.Level, string) {
	failed := op.Err != nil && op.ErrorType != "canceled"
	switch {
	case failed && op.Load != nil && op.Load.Unstored > 0 && !byLoader(op.ErrorType):
		return slog.LevelWarn, "rediscache: not stored" // the callers have the record
	case failed:
		return slog.LevelWarn, "rediscache: failed"
	case op.Kind == "Sweep":
		return slog.LevelInfo, "rediscache: swept"
	case h.slow > 0 && op.Elapsed >= h.slow:
		return slog.LevelInfo, "rediscache: slow"
	}
	return slog.LevelDebug, "rediscache: done"
}

// byLoader reports whether an error of this type is that of a loader.
func byLoader(errorType string) bool {
	return errorType == "loader" || errorType == "panic" || errorType == "load_timeout"
}

// sameAs returns what a failed or slow operation shares with others. If Redis fails, operations of
// all kinds fail, and a few lines are enough.
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
