package coalesce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// set sends a SET with a queue, and returns its error.
func set(ctx context.Context, q *queue, key string, value []byte) error {
	cmd := redis.NewStatusCmd(ctx, "set", key, value, "px", 60000)
	if err := q.do(ctx, cmd); err != nil {
		return err
	}
	return cmd.Err()
}

// get sends a GET with a queue.
func get(ctx context.Context, q *queue, key string) {
	_ = q.do(ctx, redis.NewStringCmd(ctx, "get", key))
}

// If the name of a server now leads to a new primary, a write is tried again on a new connection.
// That holds even if a read comes before it in the pipeline.
func TestWriteAfterDemotion(t *testing.T) {
	old, promoted := redistest.Start(t), redistest.Start(t)
	var to atomic.Value
	to.Store(old.Addr())
	rdb := redis.NewClient(&redis.Options{
		Addr: "redis.example:6379", ContextTimeoutEnabled: true, DisableIdentity: true,
		Dialer: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, to.Load().(string))
		},
	})
	t.Cleanup(func() { rdb.Close() })
	c := newTestQueue(rdb, false)
	both := []redis.Cmder{setting(t, 1), setting(t, 2)}
	direct{rdb}.Many(t.Context(), both) // pipelines have their own connections
	if both[0].Err() != nil || both[1].Err() != nil {
		t.Fatal(both)
	}
	host, port, _ := net.SplitHostPort(promoted.Addr())
	if err := old.Client(t).ReplicaOf(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
	to.Store(promoted.Addr())
	for round := range 5 {
		write := func() {
			if err := set(t.Context(), c, "c:1", []byte("v")); err != nil {
				t.Errorf("round %d: SET: %v", round, err)
			}
		}
		read := func() { get(t.Context(), c, "c:warm") }
		queueUp(t, c, 2, func(i int) { []func(){read, write}[i]() }).Wait()
		closeQueue(t, c)
	}
}

// Commands without a reply are sent again within the bound on pipelines in flight, and not by each
// caller.
func TestResendsAreBounded(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	var failures atomic.Int64
	var inFlight, most, singles atomic.Int64
	rdb.AddHook(hooks{
		pipeline: func(
			ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook,
		) error {
			most.Store(max(most.Load(), inFlight.Add(1)))
			defer inFlight.Add(-1)
			if failures.Add(1) <= 2 {
				for _, cmd := range cmds {
					cmd.SetErr(io.EOF)
				}
				return io.EOF
			}
			return next(ctx, cmds)
		},
		single: func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			singles.Add(1)
			return next(ctx, cmd)
		},
	})
	c := newTestQueue(rdb, false)
	queueUp(t, c, 3*maxPipeline, func(i int) {
		if err := set(t.Context(), c, fmt.Sprint("c:", i), []byte("v")); err != nil {
			t.Errorf("SET %d: %v", i, err)
		}
	}).Wait()
	closeQueue(t, c)
	if most.Load() > maxPipelines || singles.Load() > maxSingles {
		t.Errorf("%d pipelines and %d single commands at the same time", most.Load(),
			singles.Load())
	}
}

// A command is not sent again after its caller has left.
func TestNoResendAfterCallerHasLeft(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	ctx, cancel := context.WithCancel(t.Context())
	var sent atomic.Int64
	rdb.AddHook(hooks{pipeline: func(
		_ context.Context, cmds []redis.Cmder, _ redis.ProcessPipelineHook,
	) error {
		sent.Add(1)
		cancel()
		time.Sleep(3 * grace)
		for _, cmd := range cmds {
			cmd.SetErr(io.EOF)
		}
		return io.EOF
	}})
	c := newTestQueue(rdb, false)
	queueUp(t, c, 8, func(i int) {
		if err := set(ctx, c, fmt.Sprint("c:", i), []byte("v")); !errors.Is(err, context.Canceled) {
			t.Errorf("SET %d: %v", i, err)
		}
	}).Wait()
	closeQueue(t, c)
	if n := sent.Load(); n != 1 {
		t.Errorf("the pipeline was sent %d times", n)
	}
}

// A pipeline has at most maxPipeline commands and maxBytes bytes of values.
func TestCoalescedPipelineIsBounded(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	var mu sync.Mutex
	most, volume := 0, 0
	rdb.AddHook(hooks{pipeline: func(
		ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook,
	) error {
		mu.Lock()
		most = max(most, len(cmds))
		n := 0
		for _, cmd := range cmds {
			for _, a := range cmd.Args() {
				if b, ok := a.([]byte); ok {
					n += len(b)
				}
			}
		}
		volume = max(volume, n)
		mu.Unlock()
		return next(ctx, cmds)
	}})
	c := newTestQueue(rdb, false)
	queueUp(t, c, 3*maxPipeline, func(i int) { get(t.Context(), c, fmt.Sprint("c:", i)) }).Wait()
	closeQueue(t, c)
	if most != maxPipeline {
		t.Errorf("a pipeline of %d commands, want %d", most, maxPipeline)
	}
	big := make([]byte, 1<<20)
	queueUp(t, c, 32, func(i int) { _ = set(t.Context(), c, fmt.Sprint("c:", i), big) }).Wait()
	closeQueue(t, c)
	if volume > maxBytes {
		t.Errorf("a pipeline of %d bytes, want at most %d", volume, maxBytes)
	}
}

// Abandoned commands do not hold memory while all pipelines are in flight.
func TestAbandonedCallsHoldNoMemory(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	c := newTestQueue(rdb, false)
	stuck(c)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	const callers, size = 100, 1 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range callers {
		value := bytes.Repeat([]byte("x"), size)
		if err := c.do(ctx, redis.NewStatusCmd(ctx, "set", "k", value)); err == nil {
			t.Fatal("sent")
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > callers*size/2 {
		t.Errorf("%d MiB are held for callers that have left", held>>20)
	}
	runtime.KeepAlive(c)
}
