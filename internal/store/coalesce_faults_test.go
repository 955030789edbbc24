package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// coalescing returns a store of an hour, auto-pipelined or not.
func coalescing(rdb redis.UniversalClient, auto bool) *Store {
	s := New(rdb, "c:", ttl.Active(time.Hour).Terms(), false)
	if auto {
		s.AutoPipeline()
	}
	return s
}

// A primary that was demoted under the same name: a write is tried again on a new
// connection, also when a read goes before it in the pipeline.
func TestCoalescedWriteAfterDemotion(t *testing.T) {
	for _, auto := range []bool{false, true} {
		t.Run(fmt.Sprint("auto-pipelined ", auto), func(t *testing.T) {
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
			st := coalescing(rdb, auto)
			if err := st.Set(t.Context(), "c:warm", []byte("v"), 0); err != nil {
				t.Fatal(err)
			}
			for _, err := range st.SetMany(t.Context(), []Item{{"c:warm", []byte("v")}, {"c:2", []byte("v")}}, 0) {
				if err != nil { // pipelines have connections of their own
					t.Fatal(err)
				}
			}
			host, port, _ := net.SplitHostPort(promoted.Addr())
			if err := old.Client(t).ReplicaOf(t.Context(), host, port).Err(); err != nil {
				t.Fatal(err)
			}
			to.Store(promoted.Addr())
			for round := range 5 {
				write := func() {
					if err := st.Set(t.Context(), "c:1", []byte("v"), 0); err != nil {
						t.Errorf("round %d: Set: %v", round, err)
					}
				}
				read := func() { v, err := st.Peek(t.Context(), "c:warm"); t.Logf("%q, %v", v, err) }
				if !auto {
					read()
					write()
					continue
				}
				queueUp(t, st.coalescers.only, 2, func(i int) { []func(){read, write}[i]() }).Wait()
				st.Close()
			}
		})
	}
}

// After close, nothing is sent and no goroutine is started.
func TestCoalescerCloseWithQueue(t *testing.T) {
	s := redistest.Start(t)
	rdb, admin := s.Client(t), s.Client(t)
	st := coalescing(rdb, true)
	for i := range 3 {
		if err := st.Set(t.Context(), fmt.Sprint("c:warm", i), []byte("v"), 0); err != nil {
			t.Fatal(err)
		}
	}
	admin.Do(t.Context(), "client", "pause", 500, "write")
	var wg sync.WaitGroup
	var keys []string
	for i := range maxSingles + maxPipelines + 1 {
		key := fmt.Sprint("c:", i)
		keys = append(keys, key)
		wg.Go(func() { _ = st.Set(t.Context(), key, []byte("v"), 0) })
		time.Sleep(20 * time.Millisecond)
	}
	begun := time.Now()
	st.Close()
	took := time.Since(begun)
	before := admin.Exists(t.Context(), keys...).Val()
	wg.Wait()
	after := admin.Exists(t.Context(), keys...).Val()
	if before != after {
		t.Errorf("Close returns after %v with %d written; then %d are", took, before, after)
	}
}

// A pipeline has at most so many commands, and bytes as a batch has.
func TestCoalescedPipelineIsBounded(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	var mu sync.Mutex
	most, volume := 0, 0
	rdb.AddHook(pipelineHook(func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
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
	}))
	st := coalescing(rdb, true)
	queueUp(t, st.coalescers.only, 3*maxPipeline, func(i int) { _, _ = st.Peek(t.Context(), fmt.Sprint("c:", i)) }).Wait()
	st.Close()
	if most != maxPipeline {
		t.Errorf("a pipeline of %d commands, %d go together", most, maxPipeline)
	}
	big := make([]byte, 1<<20)
	queueUp(t, st.coalescers.only, 32, func(i int) { _ = st.Set(t.Context(), fmt.Sprint("c:", i), big, 0) }).Wait()
	st.Close()
	if volume > chunkBytes {
		t.Errorf("a pipeline of %d bytes, a batch has %d", volume, chunkBytes)
	}
}

// What callers have given up does not hold memory until a stuck pipeline is back.
func TestAbandonedCallsHoldNoMemory(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	c := newCoalescer(rdb, false)
	stuck(c)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	const callers, size = 100, 1 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range callers {
		value := bytes.Repeat([]byte("x"), size)
		if err := c.process(ctx, redis.NewStatusCmd(ctx, "set", "k", value)); err == nil {
			t.Fatal("sent")
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > callers*size/2 {
		t.Errorf("%d MiB are held for callers that have gone", held>>20)
	}
	runtime.KeepAlive(c)
}

// A client's hook that lets nothing through, such as a circuit breaker, returns an
// error that stands in no command.
func TestRefusingHook(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	rdb.AddHook(refusingHook{})
	st := coalescing(rdb, true)
	if err := st.Set(t.Context(), "c:0", []byte("v"), 0); !errors.Is(err, errRefused) {
		t.Errorf("one at a time: %v", err)
	}
	queueUp(t, st.coalescers.only, 4, func(i int) {
		if err := st.Set(t.Context(), fmt.Sprint("c:", i), []byte("v"), 0); !errors.Is(err, errRefused) {
			t.Errorf("Set %d: %v, and nothing was written", i, err)
		}
	}).Wait()
	for i, err := range st.SetMany(t.Context(), []Item{{"c:8", []byte("v")}, {"c:9", []byte("v")}}, 0) {
		if !errors.Is(err, errRefused) {
			t.Errorf("SetMany %d: %v, and nothing was written", i, err)
		}
	}
}

// A hook of the client may keep a command for later, as one that logs does.
func TestHookThatKeepsCommands(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	var mu sync.Mutex
	var kept []redis.Cmder
	rdb.AddHook(pipelineHook(func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
		mu.Lock()
		kept = append(kept, cmds...)
		mu.Unlock()
		return next(ctx, cmds)
	}))
	st := coalescing(rdb, true)
	for range 20 {
		queueUp(t, st.coalescers.only, 16, func(i int) { _ = st.Set(t.Context(), fmt.Sprint("c:", i), []byte("v"), 0) }).Wait()
		mu.Lock()
		seen := map[string]bool{}
		for _, cmd := range kept[len(kept)-16:] {
			seen[fmt.Sprint(cmd.Args()[1])] = true
		}
		mu.Unlock()
		if len(seen) != 16 {
			t.Fatalf("the commands that were kept are of %d keys, want 16", len(seen))
		}
	}
	seen := map[redis.Cmder]bool{}
	for _, cmd := range kept {
		if seen[cmd] || cmd.Name() != "set" {
			t.Fatalf("%s is kept as another command", cmd.Name())
		}
		seen[cmd] = true
	}
	st.Close()
}

// A hook of the client that ends its goroutine, as the FailNow of a test does, is as one
// that panics.
func TestHookThatEndsGoroutine(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	var ends atomic.Bool
	ends.Store(true)
	rdb.AddHook(pipelineHook(func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
		if ends.Load() {
			runtime.Goexit()
		}
		return next(ctx, cmds)
	}))
	c := newCoalescer(rdb, false)
	var panicked atomic.Int64
	queueUp(t, c, 8, func(i int) {
		defer func() {
			if recover() != nil {
				panicked.Add(1)
			}
		}()
		_ = c.process(t.Context(), setting(t, i))
	}).Wait()
	if panicked.Load() != 8 {
		t.Errorf("%d of 8 callers know", panicked.Load())
	}
	ends.Store(false)
	queueUp(t, c, 8, func(i int) {
		if cmd := setting(t, i); c.process(t.Context(), cmd) != nil || cmd.Err() != nil {
			t.Error(cmd.Err())
		}
	}).Wait()
	c.close()
}

// What a hook of the client says after the reply has nothing sent again.
func TestHookThatFailsAfterwards(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	rdb.AddHook(pipelineHook(func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if cmd.Name() == "incr" {
				cmd.SetErr(errRefused)
				err = errRefused
			}
		}
		return err
	}))
	c := newCoalescer(rdb, false)
	queueUp(t, c, 8, func(i int) {
		cmd := redis.NewIntCmd(t.Context(), "incr", fmt.Sprint("n", i))
		if err := c.process(t.Context(), cmd); err != nil || !errors.Is(cmd.Err(), errRefused) || cmd.Val() != 1 {
			t.Errorf("incr %d: %d, %v, %v", i, cmd.Val(), err, cmd.Err())
		}
	}).Wait()
	c.close()
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

// pipelineHook is what a client does with a pipeline.
type pipelineHook func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error

func (pipelineHook) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (pipelineHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (h pipelineHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return h(ctx, cmds, next) }
}
