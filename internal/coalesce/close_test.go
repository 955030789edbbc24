package coalesce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
)

// If all callers of a pipeline have a deadline, the pipeline ends with the last caller. close waits
// for it.
func TestCoalescerClose(t *testing.T) {
	s := redistest.Start(t)
	const pause = 30 * time.Second
	type within func(context.Context, time.Duration) (context.Context, context.CancelFunc)
	for name, with := range map[string]within{
		"deadlines": context.WithTimeout,
		"cancellations": func(
			ctx context.Context, d time.Duration,
		) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(d, cancel)
			return ctx, cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			admin := s.Client(t)
			pausing := admin.Do(t.Context(), "client", "pause", pause.Milliseconds(), "write")
			if err := pausing.Err(); err != nil {
				t.Fatal(err)
			}
			c := newTestQueue(s.Client(t), false)
			queueUp(t, c, 10, func(i int) {
				ctx, cancel := with(t.Context(), 50*time.Millisecond)
				defer cancel()
				cmd := setting(t, i)
				err := c.do(ctx, cmd)
				if err == nil { // the pipeline and its last caller end at the same time
					err = cmd.Err()
				} else if !errors.Is(err, ctx.Err()) {
					t.Errorf("set %d: %v", i, err)
				}
				if err == nil {
					t.Errorf("set %d succeeded", i)
				}
			}).Wait()
			closed := make(chan error, 1)
			go func() { closed <- c.close(t.Context()) }()
			limit := pause / 2
			if name == "cancellations" { // close must wait; this is long enough to see that
				limit = 100 * time.Millisecond
			}
			for end := time.Now().Add(limit); len(closed) == 0 && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			if early := len(closed) > 0; early != (name == "deadlines") {
				t.Errorf("close returns while the server is silent: %v", early)
			}
			if err := admin.Do(t.Context(), "client", "unpause").Err(); err != nil {
				t.Error(err)
			}
			if err := <-closed; err != nil {
				t.Error(err)
			}
		})
	}
}

// A command is not sent if its caller gives up while it is queued.
func TestAbandonedCallsAreNotSent(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	c := newTestQueue(rdb, false)
	gone, cancel := context.WithCancel(t.Context())
	c.mu.Lock()
	stuck(c)
	c.mu.Unlock()
	var left, others sync.WaitGroup
	for i := range 10 {
		ctx, wg := t.Context(), &others
		if i%2 == 0 {
			ctx, wg = gone, &left
		}
		wg.Go(func() {
			if err := c.do(ctx, setting(t, i)); !errors.Is(err, ctx.Err()) {
				t.Errorf("set %d: %v", i, err)
			}
		})
	}
	waitFor(t, c, func() bool { return c.waiting.n == 10 })
	cancel()
	left.Wait()
	c.mu.Lock()
	if c.waiting.n != 5 {
		t.Errorf("%d calls are queued for 5 callers", c.waiting.n)
	}
	c.pipelines, c.inFlight = 0, 0
	c.start()
	c.mu.Unlock()
	others.Wait()
	closeQueue(t, c)
	if n := rdb.DBSize(t.Context()).Val(); n != 5 {
		t.Errorf("%d keys, want those of the 5 callers that waited", n)
	}
}

// After close, nothing is sent and no goroutine is started.
func TestCoalescerCloseWithQueue(t *testing.T) {
	s := redistest.Start(t)
	rdb, admin := s.Client(t), s.Client(t)
	c := newTestQueue(rdb, false)
	for i := range 3 {
		if err := set(t.Context(), c, fmt.Sprint("c:warm", i), []byte("v")); err != nil {
			t.Fatal(err)
		}
	}
	admin.Do(t.Context(), "client", "pause", 500, "write")
	var wg sync.WaitGroup
	var keys []string
	for i := range maxSingles + maxPipelines + 1 {
		key := fmt.Sprint("c:", i)
		keys = append(keys, key)
		wg.Go(func() { _ = set(t.Context(), c, key, []byte("v")) })
		time.Sleep(20 * time.Millisecond)
	}
	begun := time.Now()
	closeQueue(t, c)
	took := time.Since(begun)
	before := admin.Exists(t.Context(), keys...).Val()
	wg.Wait()
	after := admin.Exists(t.Context(), keys...).Val()
	if before != after {
		t.Errorf("close returns after %v with %d keys written; later there are %d", took, before,
			after)
	}
}
