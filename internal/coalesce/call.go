package coalesce

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// call is a command that waits for its turn or for its reply.
type call struct {
	cmd      redis.Cmder
	size     int       // of the values in it, in bytes
	deadline time.Time // zero for none
	state    atomic.Int32
	panicked any           // the panic value of a hook of the client
	done     chan struct{} // has room for one value: a send never blocks, even if nobody receives

	prev, next *call // in the queue
	listed     bool  // it is in the queue
}

// The states of a call. The goroutine that changes it from queued decides whether it is sent.
const (
	queued int32 = iota
	sent
	abandoned
)

func (k *call) reset(ctx context.Context, cmd redis.Cmder) {
	k.cmd, k.size = cmd, 0
	for _, arg := range cmd.Args() {
		if value, ok := arg.([]byte); ok {
			k.size += len(value)
		}
	}
	k.deadline, _ = ctx.Deadline()
	k.state.Store(queued)
}

// list is a queue of calls. A caller that gives up can remove its call from it. The zero list is
// empty.
type list struct {
	head, tail *call
	n          int
}

func (l *list) push(k *call) {
	k.prev, k.next, k.listed = l.tail, nil, true
	if l.tail == nil {
		l.head = k
	} else {
		l.tail.next = k
	}
	l.tail = k
	l.n++
}

func (l *list) remove(k *call) {
	if !k.listed {
		return
	}
	if k.prev == nil {
		l.head = k.next
	} else {
		k.prev.next = k.next
	}
	if k.next == nil {
		l.tail = k.prev
	} else {
		k.next.prev = k.prev
	}
	k.prev, k.next, k.listed = nil, nil, false
	l.n--
}

// take removes and returns the calls of the next pipeline.
func (l *list) take() []*call {
	batch := make([]*call, 0, min(l.n, maxPipeline))
	size := 0
	for k := l.head; k != nil && len(batch) < maxPipeline; k = l.head {
		if len(batch) > 0 && size+k.size > maxBytes {
			break
		}
		size += k.size
		l.remove(k)
		batch = append(batch, k)
	}
	return batch
}
