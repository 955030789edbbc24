package store

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// coalescer sends the commands of callers that come at the same time as pipelines.
//
// A few callers send their commands themselves: in a pipeline they would wait for one
// another and save little. The commands of more queue up, and a pipeline goes when half
// of all callers are in the queue, so that Redis works for one half while the other
// half decodes. All callers are those in the queue, those with a command under way, and
// those who just got their reply and are likely to come again. Who does not come again
// is not waited for: while fewer than two pipelines are under way, a goroutine lets all
// others run a few times and then sends what has queued up. A timer would take a
// millisecond. Where keys are on several servers, a caller mostly comes again to the
// coalescer of another, and only that goroutine decides.
//
// It is here since redis.AutoPipeliner hands each command to a goroutine and back,
// which costs a lone caller half of its throughput, and does not obey the context of
// a caller that waits.
type coalescer struct {
	rdb     redis.UniversalClient
	near    bool // rdb may serve reads from memory, which it would not in a pipeline
	retries bool // rdb sends a command again that had no reply
	shared  bool // callers go from one coalescer to another

	calls sync.Pool // its own: a channel that was made in a bubble of testing/synctest must not leave it

	mu         sync.Mutex
	queue      []*call
	underWay   int // commands that are sent and have no reply
	told       int // callers who got their reply and have not come again
	pipelines  int // goroutines with a pipeline under way
	collectors int // goroutines that wait for the queue to grow
	ended      sync.Cond
}

const (
	maxSingles   = 4 // callers who send their commands themselves; half of it if shared
	maxPipelines = 2 // under way; more would be shorter
	patience     = 4 // how often a collector lets all others run

	// maxPipeline is how many commands a pipeline has. More save nothing, and with large
	// replies the callers would wait for the last one before the first is decoded.
	maxPipeline = 64
)

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

func newCoalescer(rdb redis.UniversalClient, shared bool) *coalescer {
	c := &coalescer{rdb: rdb, retries: true, shared: shared}
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
	k := c.join(ctx, cmd)
	c.mu.Unlock()
	if k != nil {
		return c.wait(ctx, k)
	}
	defer c.leave()
	_ = c.rdb.Process(ctx, cmd)
	return nil
}

// join queues a command up, under the lock. It returns nil if its caller, who is one of
// a few, is to send it.
func (c *coalescer) join(ctx context.Context, cmd redis.Cmder) *call {
	c.told = max(c.told-1, 0)
	singles := maxSingles
	if c.shared {
		singles /= 2
	}
	if len(c.queue) == 0 && c.underWay+c.told < singles {
		c.underWay++
		return nil
	}
	k := c.enqueue(ctx, cmd)
	c.start()
	return k
}

// leave ends a command that its caller has sent itself.
func (c *coalescer) leave() {
	c.mu.Lock()
	c.underWay--
	c.mu.Unlock()
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

// start sees to it, under the lock, that what has queued up will be sent.
func (c *coalescer) start() {
	n := len(c.queue)
	half := (n + c.underWay + c.told + 1) / 2
	switch {
	case n == 0 || c.pipelines == maxPipelines: // who is under way comes back and looks
	case n >= maxPipeline, n >= half && !c.shared:
		go c.run(c.take())
	case c.collectors == 0:
		c.collectors++
		go c.run(nil)
	}
}

// take takes the next pipeline from the queue, under the lock.
func (c *coalescer) take() []*call {
	n := chunkOf(c.queue)
	batch := slices.Clone(c.queue[:n])
	clear(c.queue[:n])
	if n < len(c.queue) {
		c.queue = c.queue[n:]
	} else {
		c.queue = c.queue[:0]
	}
	c.underWay += n
	c.pipelines++
	c.start() // what remains
	return batch
}

// run sends a pipeline, if it is given one, and then those that it collects.
func (c *coalescer) run(batch []*call) {
	for {
		if batch != nil {
			c.send(batch)
		}
		if batch = c.collect(); batch == nil {
			return
		}
	}
}

// collect lets callers who are likely to come again do so, and takes what has queued
// up then, if anything has.
func (c *coalescer) collect() []*call {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range patience {
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
		if c.told == 0 {
			break
		}
	}
	c.collectors--
	if c.collectors == 0 {
		c.told = 0
	}
	if len(c.queue) > 0 && c.pipelines < maxPipelines {
		return c.take()
	}
	if c.idle() {
		c.ended.Broadcast()
	}
	return nil
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

// again reports whether an error is of those after which go-redis sends a single
// command again: there was no reply, or Redis asks for it. (Of a pipeline it looks at the
// first command alone.) An error that a hook of the client has made is not.
func again(err error) bool {
	if err == nil {
		return false
	}
	if _, answered := errors.AsType[redis.Error](err); !answered {
		_, network := errors.AsType[net.Error](err)
		return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, redis.ErrPoolTimeout)
	}
	return redis.IsReadOnlyError(err) || redis.IsLoadingError(err) || redis.IsClusterDownError(err) || redis.IsTryAgainError(err) ||
		redis.IsMasterDownError(err) || redis.IsMaxClientsError(err) || redis.HasErrorPrefix(err, "NOREPLICAS")
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
// Its goroutine is a collector afterwards.
func (c *coalescer) send(batch []*call) {
	ctx := context.Background()
	var last time.Time
	bounded := true
	sending, cmds := batch[:0], make([]redis.Cmder, 0, len(batch))
	for _, k := range batch {
		if !k.state.CompareAndSwap(queued, sent) {
			continue
		}
		sending, cmds = append(sending, k), append(cmds, attempt{k.cmd})
		bounded = bounded && !k.deadline.IsZero()
		if k.deadline.After(last) {
			last = k.deadline
		}
	}
	if bounded && len(sending) > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, last)
		defer cancel()
	}
	returned := false
	defer func() {
		panicked := recover() // of a hook of the client: it is the callers'
		goexit := panicked == nil && !returned
		if goexit {
			panicked = errGoexit
		}
		c.mu.Lock()
		c.underWay -= len(batch)
		c.told += len(sending)
		c.pipelines--
		c.collectors++
		c.mu.Unlock()
		for _, k := range sending {
			k.panicked = panicked
			k.done <- struct{}{}
		}
		if goexit {
			go c.run(nil) // in the place of this goroutine, which ends
		}
	}()
	switch len(cmds) {
	case 0:
	case 1:
		_ = c.rdb.Process(ctx, cmds[0])
	default:
		pipe := c.rdb.Pipeline()
		_ = pipe.BatchProcess(ctx, cmds...)
		exec(ctx, pipe)
	}
	returned = true
}

// errGoexit is what callers panic with whose command was ended by runtime.Goexit, as by
// the FailNow of a test in a hook of the client.
var errGoexit = errors.New("rediscache: a hook of the client called runtime.Goexit")

// idle reports, under the lock, whether no goroutine is under way.
func (c *coalescer) idle() bool { return c.pipelines+c.collectors == 0 }

// close waits until nothing is queued and no goroutine is under way.
func (c *coalescer) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 || !c.idle() {
		c.ended.Wait()
	}
}
