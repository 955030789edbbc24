package coalesce

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// A hook of the client that lets nothing through, such as a circuit breaker, returns an error that
// no command has.
func TestRefusingHook(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	rdb.AddHook(refusingHook{})
	c := newTestQueue(rdb, false)
	if err := set(t.Context(), c, "c:0", []byte("v")); !errors.Is(err, errRefused) {
		t.Errorf("one at a time: %v", err)
	}
	queueUp(t, c, 4, func(i int) {
		if err := set(t.Context(), c, fmt.Sprint("c:", i), []byte("v")); !errors.Is(err,
			errRefused) {
			t.Errorf("Set %d: %v, and nothing was written", i, err)
		}
	}).Wait()
}

// A hook of the client may keep a command for later, as a hook that logs does.
func TestHookThatKeepsCommands(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	var mu sync.Mutex
	var kept []redis.Cmder
	rdb.AddHook(hooks{pipeline: func(
		ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook,
	) error {
		mu.Lock()
		kept = append(kept, cmds...)
		mu.Unlock()
		return next(ctx, cmds)
	}})
	c := newTestQueue(rdb, false)
	for range 20 {
		queueUp(t, c, 16, func(i int) {
			_ = set(t.Context(), c, fmt.Sprint("c:", i), []byte("v"))
		}).Wait()
		mu.Lock()
		seen := map[string]bool{}
		for _, cmd := range kept[len(kept)-16:] {
			seen[fmt.Sprint(cmd.Args()[1])] = true
		}
		mu.Unlock()
		if len(seen) != 16 {
			t.Fatalf("the kept commands have %d keys, want 16", len(seen))
		}
	}
	seen := map[redis.Cmder]bool{}
	for _, cmd := range kept {
		if seen[cmd] || cmd.Name() != "set" {
			t.Fatalf("a kept command was used again, as %s", cmd.Name())
		}
		seen[cmd] = true
	}
	closeQueue(t, c)
}

// A hook of the client that ends its goroutine, as FailNow of a test does, counts as one that
// panics.
func TestHookThatEndsGoroutine(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	var ends atomic.Bool
	ends.Store(true)
	rdb.AddHook(hooks{pipeline: func(
		ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook,
	) error {
		if ends.Load() {
			runtime.Goexit()
		}
		return next(ctx, cmds)
	}})
	c := newTestQueue(rdb, false)
	var panicked atomic.Int64
	queueUp(t, c, 8, func(i int) {
		defer func() {
			if recover() != nil {
				panicked.Add(1)
			}
		}()
		_ = c.do(t.Context(), setting(t, i))
	}).Wait()
	if panicked.Load() != 8 {
		t.Errorf("%d of 8 callers panic", panicked.Load())
	}
	ends.Store(false)
	queueUp(t, c, 8, func(i int) {
		if cmd := setting(t, i); c.do(t.Context(), cmd) != nil || cmd.Err() != nil {
			t.Error(cmd.Err())
		}
	}).Wait()
	closeQueue(t, c)
}

// If a hook of the client returns an error after the reply, the command is not sent again.
func TestHookThatFailsAfterwards(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	rdb.AddHook(hooks{pipeline: func(
		ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook,
	) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if cmd.Name() == "incr" {
				cmd.SetErr(errRefused)
				err = errRefused
			}
		}
		return err
	}})
	c := newTestQueue(rdb, false)
	queueUp(t, c, 8, func(i int) {
		cmd := redis.NewIntCmd(t.Context(), "incr", fmt.Sprint("n", i))
		if err := c.do(t.Context(), cmd); err != nil || !errors.Is(cmd.Err(), errRefused) ||
			cmd.Val() != 1 {
			t.Errorf("incr %d: %d, %v, %v", i, cmd.Val(), err, cmd.Err())
		}
	}).Wait()
	closeQueue(t, c)
}

type refusingHook struct{}

var errRefused = errors.New("the circuit is open")

func (refusingHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (refusingHook) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { return errRefused }
}

func (refusingHook) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { return errRefused }
}

// hooks are hooks of a client for pipelines and for single commands.
type hooks struct {
	pipeline func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error
	single   func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error
}

func (hooks) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hooks) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	if h.single == nil {
		return next
	}
	return func(ctx context.Context, cmd redis.Cmder) error { return h.single(ctx, cmd, next) }
}

func (h hooks) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return h.pipeline(ctx, cmds, next)
	}
}
