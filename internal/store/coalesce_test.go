package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// queueUp lets callers queue up as if two commands were under way, and then hands the
// queue over as when one of them is back.
func queueUp(t *testing.T, c *coalescer, callers int, call func(i int)) *sync.WaitGroup {
	t.Helper()
	c.mu.Lock()
	c.running = maxRunning
	c.mu.Unlock()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { call(i) })
	}
	for n := 0; n < callers; {
		c.mu.Lock()
		n = len(c.queue)
		c.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handOver()
	return &wg
}

func setting(t *testing.T, i int) *redis.StatusCmd {
	return redis.NewStatusCmd(t.Context(), "set", fmt.Sprint("key", i), i, "px", 60000)
}

// All that has queued up is one round trip, and each caller gets his own reply.
func TestCoalescedCommands(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	c := newCoalescer(rdb)
	wire := redistest.Wire(t, rdb)
	for range 3 {
		wire.Reset()
		queueUp(t, c, 50, func(i int) {
			if i%2 == 0 {
				if cmd := setting(t, i); c.process(t.Context(), cmd) != nil || cmd.Err() != nil {
					t.Errorf("set %d: %v", i, cmd.Err())
				}
				return
			}
			cmd := redis.NewIntCmd(t.Context(), "incrby", fmt.Sprint("n", i), i)
			if c.process(t.Context(), cmd) != nil || cmd.Err() != nil || int(cmd.Val())%i != 0 {
				t.Errorf("incrby %d: %v", i, cmd)
			}
		}).Wait()
		if n := wire.RoundTrips(); n != 1 {
			t.Errorf("50 commands in %d round trips, want 1", n)
		}
		c.close()
	}
	rdb.Del(t.Context(), "n1")
}

// A pipeline ends with the last of its callers, if all of them have a deadline, and
// close waits for it.
func TestCoalescerClose(t *testing.T) {
	s := redistest.Start(t)
	const pause = 300 * time.Millisecond
	for name, with := range map[string]func(context.Context, time.Duration) (context.Context, context.CancelFunc){
		"deadlines": context.WithTimeout,
		"cancellations": func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(d, cancel)
			return ctx, cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			if err := s.Client(t).Do(t.Context(), "client", "pause", pause.Milliseconds(), "write").Err(); err != nil {
				t.Fatal(err)
			}
			c := newCoalescer(s.Client(t))
			queueUp(t, c, 10, func(i int) {
				ctx, cancel := with(t.Context(), pause/6)
				defer cancel()
				cmd := setting(t, i)
				err := c.process(ctx, cmd)
				if err == nil { // the pipeline and its last caller end at the same time
					err = cmd.Err()
				} else if !errors.Is(err, ctx.Err()) {
					t.Errorf("set %d: %v", i, err)
				}
				if err == nil {
					t.Errorf("set %d succeeded", i)
				}
			}).Wait()
			c.close()
			if took := time.Since(begun); (took < pause) != (name == "deadlines") {
				t.Errorf("close returns after %v, the server was silent for %v", took, pause)
			}
			time.Sleep(time.Until(begun.Add(pause)))
		})
	}
}

// What a caller has given up before its turn is not sent.
func TestCoalescerAbandoned(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	c := newCoalescer(rdb)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	queueUp(t, c, 10, func(i int) {
		if i%2 == 0 {
			if err := c.process(t.Context(), setting(t, i)); err != nil {
				t.Error(err)
			}
			return
		}
		c.mu.Lock() // so that its turn does not come
		defer c.mu.Unlock()
		if err := c.wait(gone, c.enqueue(gone, setting(t, i))); !errors.Is(err, context.Canceled) {
			t.Errorf("set %d: %v", i, err)
		}
	}).Wait()
	c.close()
	if n := rdb.DBSize(t.Context()).Val(); n != 5 {
		t.Errorf("%d keys, want those of the 5 who waited", n)
	}
}

// What may come from memory does not wait for a turn, nor does what must not be
// repeated.
func TestCoalescerLetsPass(t *testing.T) {
	s := redistest.Start(t)
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr(), Protocol: 3, ClientSideCacheConfig: &redis.ClientSideCacheConfig{}})
	defer rdb.Close()
	c := newCoalescer(rdb)
	c.running = maxRunning // and none of them comes back
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for _, cmd := range []redis.Cmder{
		redis.NewStringCmd(ctx, "get", "a"), redis.NewStringSliceCmd(ctx, "lrange", "a", 0, 3), newOnce(ctx, "ping"),
	} {
		if err := c.process(ctx, cmd); err != nil {
			t.Errorf("%s: %v", cmd.Name(), err)
		}
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.process(ctx, setting(t, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("set does not wait for its turn: %v", err)
	}
}
