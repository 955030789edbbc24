package coalesce

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Sender sends commands. Afterwards each has its reply or its error.
type Sender interface {
	One(ctx context.Context, cmd redis.Cmder)
	Many(ctx context.Context, cmds []redis.Cmder)
}

// queue is the commands for one server, or for all servers.
type queue struct {
	sender  Sender
	retries Retries
	shared  bool // there are several queues, and callers go from one to another

	calls sync.Pool   // per queue: a channel made in a bubble of testing/synctest must stay in it
	used  atomic.Bool // since a queue was last added
	seen  time.Time   // when it was last found used

	mu           sync.Mutex
	waiting      list
	inFlight     int // commands that are sent and have no reply
	expectedBack int // callers that got their reply and have not come back yet
	pipelines    int // goroutines with a pipeline in flight
	collectors   int // goroutines that wait for the queue to grow
	ended        sync.Cond

	dropped atomic.Pointer[error] // the error for commands that are not sent yet; nil before Drop
}

const (
	maxSingles   = 4 // callers that send their commands themselves; half as many if shared
	maxPipelines = 2 // in flight; with more, each would have fewer commands
	patience     = 4 // how often a collector lets other goroutines run

	// maxPipeline is how many commands a pipeline has at most. More save nothing. With large
	// replies, all callers would have to wait for the last reply before the first is decoded.
	maxPipeline = 64
	maxBytes    = 8 << 20 // of values in one pipeline
)

func newQueue(sender Sender, retries Retries, shared bool) *queue {
	q := &queue{sender: sender, retries: retries, shared: shared}
	q.calls.New = func() any { return &call{done: make(chan struct{}, 1)} }
	q.ended.L = &q.mu
	return q
}

// do sends a command. If it returns an error, ctx ended before the reply. The command may then
// still be in flight, and its caller must not read it. All other errors are in the command.
func (q *queue) do(ctx context.Context, cmd redis.Cmder) error {
	q.mu.Lock()
	k := q.join(ctx, cmd)
	q.mu.Unlock()
	if k != nil {
		return q.wait(ctx, k)
	}
	defer q.leave()
	q.sender.One(ctx, cmd)
	return nil
}

// join queues a command. It returns nil if there are few callers, and the caller must send the
// command itself. The queue must be locked.
func (q *queue) join(ctx context.Context, cmd redis.Cmder) *call {
	q.expectedBack = max(q.expectedBack-1, 0)
	singles := maxSingles
	if q.shared {
		singles /= 2
	}
	if q.waiting.n == 0 && q.inFlight+q.expectedBack < singles {
		q.inFlight++
		return nil
	}
	k := q.enqueue(ctx, cmd)
	q.start()
	return k
}

// leave follows a command that its caller has sent itself.
func (q *queue) leave() {
	q.mu.Lock()
	q.inFlight--
	q.mu.Unlock()
}

func (q *queue) enqueue(ctx context.Context, cmd redis.Cmder) *call {
	k := q.calls.Get().(*call)
	k.reset(ctx, cmd)
	q.waiting.push(k)
	return k
}

// start makes sure that the queued commands will be sent. The queue must be locked.
func (q *queue) start() {
	n := q.waiting.n
	half := (n + q.inFlight + q.expectedBack + 1) / 2
	switch {
	case n == 0 || q.pipelines == maxPipelines: // the goroutine of a pipeline will send them
	case n >= maxPipeline, n >= half && !q.shared:
		go q.run(q.take())
	case q.collectors == 0:
		q.collectors++
		go q.run(nil)
	}
}

// take takes the next pipeline from the queue. The queue must be locked.
func (q *queue) take() []*call {
	batch := q.waiting.take()
	q.inFlight += len(batch)
	q.pipelines++
	q.start() // for the rest of the queue
	return batch
}

// run sends batch as a pipeline, unless it is nil. Then it sends the pipelines that it collects.
func (q *queue) run(batch []*call) {
	for {
		if batch != nil {
			q.send(batch)
		}
		if batch = q.collect(); batch == nil {
			return
		}
	}
}

// collect gives callers time to come back. Then it takes what is queued, or returns nil.
func (q *queue) collect() []*call {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range patience {
		q.mu.Unlock()
		runtime.Gosched()
		q.mu.Lock()
		if q.expectedBack == 0 {
			break
		}
	}
	q.collectors--
	if q.collectors == 0 {
		q.expectedBack = 0
	}
	if q.waiting.n > 0 && q.pipelines < maxPipelines {
		return q.take()
	}
	if q.idle() {
		q.ended.Broadcast()
	}
	return nil
}

// grace is how long a caller still waits for the reply to a sent command after its context has
// ended. A healthy server answers in that time. So the caller's next command is not executed before
// a write that it gave up.
const grace = 10 * time.Millisecond

// wait returns when the command has its reply or ctx ends. A command that is still queued then is
// never sent.
func (q *queue) wait(ctx context.Context, k *call) error {
	select {
	case <-k.done:
	case <-ctx.Done():
		if k.state.CompareAndSwap(queued, abandoned) {
			q.forget(k)
			return ctx.Err()
		}
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-k.done:
		case <-timer.C:
			k.state.Store(abandoned) // so that it is not sent again
			return ctx.Err()
		}
	}
	panicked := k.panicked
	k.cmd, k.panicked = nil, nil
	q.calls.Put(k)
	if panicked != nil {
		panic(panicked)
	}
	return nil
}

// forget removes a call from the queue, if it is there.
func (q *queue) forget(k *call) {
	q.mu.Lock()
	q.waiting.remove(k)
	q.mu.Unlock()
}

// drop makes commands fail with err that are not sent yet, or would be sent again.
func (q *queue) drop(err error) {
	q.dropped.Store(&err)
	q.mu.Lock()
	defer q.mu.Unlock()
	for k := q.waiting.head; k != nil; k = q.waiting.head {
		q.waiting.remove(k)
		if k.state.CompareAndSwap(queued, sent) {
			k.cmd.SetErr(err)
			k.done <- struct{}{}
		}
	}
}

// idle reports whether no goroutine of the queue is running. The queue must be locked.
func (q *queue) idle() bool { return q.pipelines+q.collectors == 0 }

// close waits until nothing is queued and no goroutine is running, or ctx ends.
func (q *queue) close(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.ended.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.waiting.n > 0 || !q.idle() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		q.ended.Wait()
	}
	return nil
}
