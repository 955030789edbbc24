package coalesce

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// send sends a batch, and sends again what had no reply, within the bound on pipelines in flight.
// Afterwards its goroutine is a collector.
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

// attempt sends those calls of a batch that nobody has abandoned, and tells the callers. If repeat
// allows it, attempt returns the calls to send again. Each caller obeys its own context. The
// pipeline ends when the last caller has gone, so a server that does not answer does not hold up
// later callers.
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
		q.settle(sending, len(batch)-len(sending), nil, false)
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
		if v := recover(); v != nil { // of a hook of the client: it is the callers'
			panicked = v
		}
		again = q.settle(sending, len(batch)-len(sending), panicked, repeat)
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

// settle tells the callers of a pipeline what came of it, and returns the calls to send again.
func (q *queue) settle(sending []*call, gone int, panicked any, repeat bool) (again []*call) {
	done := sending[:0]
	for _, k := range sending {
		if panicked == nil && repeat && passing(k.cmd.Err()) {
			if k.state.CompareAndSwap(sent, queued) {
				again = append(again, k)
			} else {
				gone++ // its caller has left, and nobody reads the reply
			}
			continue
		}
		done = append(done, k)
	}
	q.mu.Lock()
	q.inFlight -= gone + len(done)
	q.told += len(done)
	q.mu.Unlock()
	for _, k := range done {
		k.panicked = panicked
		k.done <- struct{}{}
	}
	return again
}

// errGoexit is the panic of callers whose command was ended by runtime.Goexit, as by FailNow of a
// test in a hook of the client.
var errGoexit = errors.New("rediscache: a hook of the client called runtime.Goexit")
