package store

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// coalescer sends the commands of callers that come at the same time as pipelines. It
// has two commands or pipelines under way at most. A caller who finds fewer sends its
// command itself, so that one at a time pays nothing; the others queue up, and what
// has queued up by the time that one of the two is back goes as the next pipeline.
//
// It is here since redis.AutoPipeliner hands each command to a goroutine and back,
// which costs a lone caller half of its throughput, and does not obey the context of
// a caller that waits. Two and not one: with one, a second caller waits for the first
// one's whole round trip. Two and not more: more make more and shorter pipelines.
type coalescer struct {
	rdb     redis.UniversalClient
	near    bool // rdb may serve reads from memory, which it would not in a pipeline
	retries bool // rdb sends a command again that had no reply

	calls sync.Pool // its own: a channel that was made in a bubble of testing/synctest must not leave it

	mu      sync.Mutex
	queue   []*call
	running int
	drains  int // of running, those that are goroutines
	ended   sync.Cond
}

const maxRunning = 2

// maxPipeline is how many commands go as one pipeline. More save nothing, and with
// large replies the callers would wait for the last one before the first is decoded.
const maxPipeline = 64

// call is a command that waits for its turn.
type call struct {
	cmd      redis.Cmder
	size     int       // of the values in it
	deadline time.Time // zero for none
	state    atomic.Int32
	panicked any           // what a hook of the client panicked with
	done     chan struct{} // holds one, so that telling a caller who has gone does not block
}

// The states of a call. Who changes it from queued decides whether it is sent.
const (
	queued int32 = iota
	sent
	abandoned
)

func newCoalescer(rdb redis.UniversalClient) *coalescer {
	c := &coalescer{rdb: rdb, retries: true}
	if client, ok := rdb.(interface{ Options() *redis.Options }); ok {
		o := client.Options()
		c.near = o.ClientSideCache != nil || o.ClientSideCacheConfig != nil
		c.retries = o.MaxRetries > 0
	}
	c.calls.New = func() any { return &call{done: make(chan struct{}, 1)} }
	c.ended.L = &c.mu
	return c
}

// isRead reports whether a command is one that reads a record and does no more.
func isRead(cmd redis.Cmder) bool { return cmd.Name() == "get" || cmd.Name() == "lrange" }

// process sends a command. An error means that ctx ended before the reply: then the
// command is still go-redis' and must not be read. Any other error stands in the
// command.
func (c *coalescer) process(ctx context.Context, cmd redis.Cmder) error {
	// What had no reply in a pipeline is sent again, which some commands must not be.
	if cmd.NoRetry() || c.near && isRead(cmd) {
		_ = c.rdb.Process(ctx, cmd)
		return nil
	}
	c.mu.Lock()
	if c.running == maxRunning {
		k := c.enqueue(ctx, cmd)
		c.mu.Unlock()
		return c.wait(ctx, k)
	}
	c.running++
	if c.running > 1 {
		// Somebody is under way, so there are others: those who are about to come go
		// along in one pipeline.
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
		if len(c.queue) > 0 {
			k := c.enqueue(ctx, cmd)
			c.handOver()
			c.mu.Unlock()
			return c.wait(ctx, k)
		}
	}
	c.mu.Unlock()
	defer c.leave()
	_ = c.rdb.Process(ctx, cmd)
	return nil
}

// leave ends a call that its caller has sent itself. What has queued up meanwhile is
// not for that caller to wait for.
func (c *coalescer) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 {
		c.handOver()
	} else {
		c.running--
	}
}

// handOver goes on in a goroutine, under the lock.
func (c *coalescer) handOver() {
	c.drains++
	go c.drain()
}

func (c *coalescer) enqueue(ctx context.Context, cmd redis.Cmder) *call {
	k := c.calls.Get().(*call)
	k.cmd, k.size = cmd, 0
	for _, arg := range cmd.Args() {
		if value, ok := arg.([]byte); ok {
			k.size += len(value)
		}
	}
	k.deadline, _ = ctx.Deadline()
	k.state.Store(queued)
	c.queue = append(c.queue, k)
	return k
}

// grace is how long the caller of a command that has been sent waits for its reply
// after its context has ended: a server that is well answers in that time, and a write
// that was given up is not overtaken by the caller's next one.
const grace = 10 * time.Millisecond

// wait returns when the command has its reply, or ctx ends. What is not sent by then
// never will be, and what is sent is not sent again.
func (c *coalescer) wait(ctx context.Context, k *call) error {
	select {
	case <-k.done:
	case <-ctx.Done():
		if k.state.CompareAndSwap(queued, abandoned) {
			k.cmd = nil // the call may stand in the queue for long
			return ctx.Err()
		}
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-k.done:
		case <-timer.C:
			return ctx.Err()
		}
	}
	cmd, panicked := k.cmd, k.panicked
	k.cmd, k.panicked = nil, nil
	c.calls.Put(k)
	if panicked != nil {
		panic(panicked)
	}
	if c.retries && again(cmd.Err()) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_ = c.rdb.Process(ctx, cmd)
	}
	return nil
}

// attempt is a command in a pipeline that go-redis does not send again: that is for its
// caller, who may have gone or have a context that ends.
type attempt struct{ redis.Cmder }

// NoRetry implements redis.Cmder.
func (attempt) NoRetry() bool { return true }

// again reports whether go-redis would send a single command again after this error.
// Of a pipeline it looks at the first command alone.
func again(err error) bool {
	if err == nil {
		return false
	}
	if _, answered := errors.AsType[redis.Error](err); !answered {
		return true
	}
	return redis.IsReadOnlyError(err) || redis.IsLoadingError(err) || redis.IsClusterDownError(err) || redis.IsTryAgainError(err) ||
		redis.IsMasterDownError(err) || redis.IsMaxClientsError(err) || redis.HasErrorPrefix(err, "NOREPLICAS")
}

// drain sends what has queued up, until nothing has.
func (c *coalescer) drain() {
	var batch []*call
	for {
		// Whom the last pipeline has woken, and who comes again, goes along: it is the
		// shortest delay that there is. A timer takes a millisecond.
		runtime.Gosched()
		runtime.Gosched()
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.running--
			c.drains--
			c.ended.Broadcast()
			c.mu.Unlock()
			return
		}
		batch, c.queue = c.queue, batch[:0]
		c.mu.Unlock()
		for rest := batch; len(rest) > 0; {
			n := chunkOf(rest)
			c.send(rest[:n])
			rest = rest[n:]
		}
		clear(batch)
	}
}

// chunkOf returns how many calls go as one pipeline.
func chunkOf(queue []*call) int {
	n, size := 0, 0
	for n < len(queue) && n < maxPipeline && (n == 0 || size+queue[n].size <= chunkBytes) {
		size += queue[n].size
		n++
	}
	return n
}

// send sends those calls of a batch that nobody has abandoned, and tells their
// callers. Each caller obeys its own context; the pipeline ends when the last of them
// has gone, so that a server that does not answer holds nobody up who comes later.
func (c *coalescer) send(batch []*call) {
	ctx := context.Background()
	var last time.Time
	n, bounded := 0, true
	for _, k := range batch {
		if !k.state.CompareAndSwap(queued, sent) {
			continue
		}
		batch[n] = k
		n++
		bounded = bounded && !k.deadline.IsZero()
		if k.deadline.After(last) {
			last = k.deadline
		}
	}
	batch = batch[:n]
	if bounded && n > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, last)
		defer cancel()
	}
	defer func() {
		panicked := recover() // of a hook of the client: it is the callers'
		for _, k := range batch {
			k.panicked = panicked
			k.done <- struct{}{}
		}
	}()
	switch n {
	case 0:
	case 1:
		_ = c.rdb.Process(ctx, attempt{batch[0].cmd})
	default:
		pipe := c.rdb.Pipeline()
		for _, k := range batch {
			_ = pipe.Process(ctx, attempt{k.cmd})
		}
		exec(ctx, pipe)
	}
}

// close waits until nothing is queued and no goroutine is under way.
func (c *coalescer) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.drains > 0 || len(c.queue) > 0 {
		c.ended.Wait()
	}
}
