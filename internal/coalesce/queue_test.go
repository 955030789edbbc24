package coalesce

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// direct sends with a client, as the wire does.
type direct struct{ rdb redis.UniversalClient }

func (d direct) One(ctx context.Context, cmd redis.Cmder) { _ = d.rdb.Process(ctx, cmd) }

func (d direct) Many(ctx context.Context, cmds []redis.Cmder) {
	pipe := d.rdb.Pipeline()
	_ = pipe.BatchProcess(ctx, cmds...)
	if _, err := pipe.Exec(ctx); err != nil && !slices.ContainsFunc(cmds, func(c redis.Cmder) bool {
		return c.Err() != nil
	}) {
		for _, cmd := range cmds {
			cmd.SetErr(err)
		}
	}
}

func newTestQueue(rdb redis.UniversalClient, shared bool) *queue {
	return newQueue(direct{rdb}, RetriesOf(rdb), shared)
}

// closeQueue closes a queue, which must end.
func closeQueue(t *testing.T, c *queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.close(ctx); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// stuck makes a queue one that has all its pipelines and single commands in flight.
func stuck(c *queue) { c.pipelines, c.inFlight = maxPipelines, maxSingles }

// queueUp makes the queue stuck, lets callers queue one after another, and then starts the queue.
func queueUp(t *testing.T, c *queue, callers int, call func(i int)) *sync.WaitGroup {
	t.Helper()
	// A caller may have its reply before its pipeline has ended.
	waitFor(t, c, func() bool { return c.pipelines == 0 && c.inFlight == 0 })
	c.mu.Lock()
	stuck(c)
	c.mu.Unlock()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { call(i) })
		for n := 0; n <= i; {
			runtime.Gosched()
			c.mu.Lock()
			n = c.waiting.n
			c.mu.Unlock()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pipelines, c.inFlight = 0, 0
	c.start()
	return &wg
}

func setting(t *testing.T, i int) *redis.StatusCmd {
	return redis.NewStatusCmd(t.Context(), "set", fmt.Sprint("key", i), i, "px", 60000)
}

// All queued commands go in one round trip, and each caller gets its own reply.
func TestCoalescedCommands(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	c := newTestQueue(rdb, false)
	wire := redistest.Wire(t, rdb)
	for range 3 {
		wire.Reset()
		queueUp(t, c, 50, func(i int) {
			if i%2 == 0 {
				if cmd := setting(t, i); c.do(t.Context(), cmd) != nil || cmd.Err() != nil {
					t.Errorf("set %d: %v", i, cmd.Err())
				}
				return
			}
			cmd := redis.NewIntCmd(t.Context(), "incrby", fmt.Sprint("n", i), i)
			if c.do(t.Context(), cmd) != nil || cmd.Err() != nil || int(cmd.Val())%i != 0 {
				t.Errorf("incrby %d: %v", i, cmd)
			}
		}).Wait()
		if n := wire.RoundTrips(); n != 1 {
			t.Errorf("50 commands in %d round trips, want 1", n)
		}
		closeQueue(t, c)
	}
	rdb.Del(t.Context(), "n1")
}

// A few callers wait for nobody. Later callers do not wait either while these get no reply.
func TestCoalescerSingles(t *testing.T) {
	s := redistest.Start(t)
	c := newTestQueue(s.Client(t), false)
	if err := s.Client(t).Do(t.Context(), "client", "pause", 200, "write").Err(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range maxSingles {
		wg.Go(func() {
			if cmd := setting(t, i); c.do(t.Context(), cmd) != nil || cmd.Err() != nil {
				t.Errorf("set %d: %v", i, cmd.Err())
			}
		})
	}
	waitFor(t, c, func() bool { return c.inFlight == maxSingles })
	if !c.idle() {
		t.Errorf("%d callers have %d pipelines and %d collectors", maxSingles, c.pipelines,
			c.collectors)
	}
	for i := range 3 {
		wg.Go(func() {
			if cmd := redis.NewStringCmd(t.Context(), "get", "key"); c.do(t.Context(),
				cmd) != nil || cmd.Err() != redis.Nil {
				t.Errorf("get %d: %v", i, cmd.Err())
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.inFlight < maxSingles {
				t.Errorf("get %d waits for callers without a reply", i)
			}
		})
	}
	wg.Wait()
	closeQueue(t, c)
}

// waitFor waits until state reports true.
func waitFor(t *testing.T, c *queue, state func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		ok := state()
		c.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the queue is not in that state after 5 s")
		}
	}
}

// A pipeline is sent when half of the callers are in the queue. The other half may be in flight or
// expected back.
func TestCoalescerHalf(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	wire := redistest.Wire(t, rdb)
	for _, with := range []struct{ inFlight, back, goes int }{
		{inFlight: 8, goes: 8}, {back: 16, goes: 8}, {inFlight: 4, back: 6, goes: 5},
		{inFlight: 7, goes: 7}, {inFlight: 1000, goes: maxPipeline},
	} {
		c := newTestQueue(rdb, false)
		// There is a collector, so that no other one starts.
		c.collectors, c.inFlight, c.expectedBack = 1, with.inFlight, with.back
		wire.Reset()
		c.mu.Lock()
		for n := 1; n <= with.goes; n++ {
			if c.pipelines > 0 {
				t.Errorf("%+v: %d are enough", with, n-1)
			}
			c.join(t.Context(), setting(t, n))
		}
		if c.pipelines != 1 || c.waiting.n > 0 {
			t.Errorf("%+v: %d are not enough", with, with.goes)
		}
		c.mu.Unlock()
		waitFor(t, c, func() bool { return c.pipelines == 0 && c.collectors == 1 })
		if back := max(with.back-with.goes, 0) + with.goes; c.expectedBack != back {
			t.Errorf("%+v: %d are expected back, want %d", with, c.expectedBack, back)
		}
		if n := wire.RoundTrips(); n != 1 {
			t.Errorf("%+v: %d round trips", with, n)
		}
	}
}

// A single caller does not overtake the commands in the queue.
func TestCoalescerQueues(t *testing.T) {
	c := newTestQueue(redistest.Start(t).Client(t), false)
	c.mu.Lock()
	c.enqueue(t.Context(), setting(t, 1))
	if c.join(t.Context(), setting(t, 2)) == nil {
		t.Error("the second is sent before the first")
	}
	c.mu.Unlock()
	closeQueue(t, c)
}

// If the queue has more commands than one pipeline may have, two pipelines are sent.
func TestCoalescerMany(t *testing.T) {
	c := newTestQueue(redistest.Start(t).Client(t), false)
	c.mu.Lock()
	for i := range 2*maxPipeline + 1 {
		c.enqueue(t.Context(), setting(t, i))
	}
	c.start()
	if c.pipelines != 2 || c.inFlight != 2*maxPipeline || c.waiting.n != 1 {
		t.Errorf("%d pipelines with %d commands, and %d queued", c.pipelines, c.inFlight,
			c.waiting.n)
	}
	c.mu.Unlock()
	closeQueue(t, c)
}

// Callers that do not come back delay nobody.
func TestCoalescerForgetsCallers(t *testing.T) {
	c := newTestQueue(redistest.Start(t).Client(t), false)
	c.inFlight, c.expectedBack = maxSingles, 1000
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if cmd := setting(t, 1); c.do(ctx, cmd) != nil || cmd.Err() != nil {
		t.Errorf("set: %v", cmd.Err())
	}
	closeQueue(t, c)
	if c.expectedBack != 0 {
		t.Errorf("waits for %d callers", c.expectedBack)
	}
}

// Callers come, leave and give up at many times. Each gets its own reply or the error of its
// context, and the queue ends empty.
func TestCoalescerEndsEmpty(t *testing.T) {
	s := redistest.Start(t)
	for i, callers := range []int{1, 3, 3, 5, 8, 8, 40, 41, 200, 201} {
		c := newTestQueue(s.Client(t), i%2 == 1)
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				for i := range 2000 / callers {
					ctx, cancel := context.WithCancel(t.Context())
					if i%5 == 0 {
						time.AfterFunc(time.Duration(i)*time.Microsecond, cancel)
					}
					value := fmt.Sprint(caller, " ", i)
					cmd := redis.NewStringCmd(ctx, "echo", value)
					if err := c.do(ctx, cmd); err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("%d callers: %v", callers, err)
					} else if err == nil && cmd.Err() == nil && cmd.Val() != value {
						t.Errorf("%d callers: %q, want %q", callers, cmd.Val(), value)
					} else if err == nil && cmd.Err() != nil &&
						!errors.Is(cmd.Err(), context.Canceled) {
						t.Errorf("%d callers: %v", callers, cmd.Err())
					}
					cancel()
					if i%7 == 0 {
						time.Sleep(time.Duration(caller) * time.Microsecond)
					}
				}
			})
		}
		wg.Wait()
		closeQueue(t, c)
		if c.waiting.n+c.inFlight+c.expectedBack+c.pipelines+c.collectors != 0 {
			t.Errorf("after %d callers: %d queued, %d in flight, %d expected back, %d pipelines, "+
				"%d collectors",
				callers, c.waiting.n, c.inFlight, c.expectedBack, c.pipelines, c.collectors)
		}
	}
}
