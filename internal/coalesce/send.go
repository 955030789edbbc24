package coalesce

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// send sends a batch, and sends the commands without a reply again. During that, the batch counts
// as one pipeline in flight. Afterwards its goroutine is a collector.
func (q *queue) send(batch []*call) {
	returned := false
	defer func() {
		q.mu.Lock()
		q.pipelines--
		q.collectors++
		q.mu.Unlock()
		if !returned {
			go q.run(nil) // in place of this goroutine, which runtime.Goexit ends
		}
	}()
	for again := 0; len(batch) > 0; again++ {
		if again > 0 {
			time.Sleep(q.retries.pause(again - 1))
		}
		batch = q.attempt(batch, again < q.retries.Most)
	}
	returned = true
}

// attempt sends the calls of a batch that are not abandoned, and then wakes their callers. With
// repeat, it does not wake callers whose commands can be sent again, and returns their calls. Each
// caller waits until its own context ends. If all callers have deadlines, the pipeline ends at the
// last one. So a server that does not answer does not block later callers.
func (q *queue) attempt(batch []*call, repeat bool) (again []*call) {
	sending, cmds := batch[:0], make([]redis.Cmder, 0, len(batch))
	var last time.Time
	bounded := true
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
	if err := q.dropped.Load(); err != nil {
		for _, cmd := range cmds {
			cmd.SetErr(*err)
		}
		q.finish(sending, len(batch)-len(sending), nil, false)
		return nil
	}
	ctx := context.Background()
	if bounded && len(sending) > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, last)
		defer cancel()
	}
	var panicked any = errGoexit
	defer func() {
		if v := recover(); v != nil { // of a hook of the client; the callers get it
			panicked = v
		}
		again = q.finish(sending, len(batch)-len(sending), panicked, repeat)
	}()
	switch len(cmds) {
	case 0:
	case 1:
		q.sender.One(ctx, cmds[0])
	default:
		q.sender.Many(ctx, cmds)
	}
	panicked = nil
	return nil
}

// finish wakes the callers of a pipeline, and returns the calls to send again.
func (q *queue) finish(sending []*call, gone int, panicked any, repeat bool) (again []*call) {
	done := sending[:0]
	for _, k := range sending {
		if panicked == nil && repeat && passing(k.cmd.Err()) {
			if k.state.CompareAndSwap(sent, queued) {
				again = append(again, k)
			} else {
				gone++ // its caller has left
			}
			continue
		}
		done = append(done, k)
	}
	q.mu.Lock()
	q.inFlight -= gone + len(done)
	q.expectedBack += len(done)
	q.mu.Unlock()
	for _, k := range done {
		k.panicked = panicked
		k.done <- struct{}{}
	}
	return again
}

// errGoexit is the panic value for callers whose command ended because a hook of the client called
// runtime.Goexit, for example through FailNow of a test.
var errGoexit = errors.New("rediscache: a hook of the client called runtime.Goexit")
