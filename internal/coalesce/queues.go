package coalesce

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Queues are the queues of one client. Each server that holds keys has its own queue, since a
// pipeline to several servers is as slow as the slowest of them. They are safe for concurrent use.
type Queues struct {
	sender  Sender
	retries Retries
	owner   func(ctx context.Context, key string) (*redis.Client, error)

	unused time.Duration

	only *queue // for a single server, and for keys whose server is not known
	mu   sync.Mutex
	each sync.Map // *queue by *redis.Client
}

// New returns the queues of a client. owner returns the server that holds a key. It is nil if one
// server holds all keys.
func New(
	sender Sender, retries Retries,
	owner func(ctx context.Context, key string) (*redis.Client, error),
) *Queues {
	only := newQueue(sender, retries, owner != nil)
	return &Queues{sender: sender, retries: retries, owner: owner, unused: unused, only: only}
}

// Do sends a command on a key. If it returns an error, ctx ended before the reply. The command may
// then still be in flight, and the caller must not read it. All other errors are in the command.
//
// A hook of the client must not send commands with these queues. Its pipeline waits for the hook,
// so the hook would wait for itself.
func (qs *Queues) Do(ctx context.Context, key string, cmd redis.Cmder) error {
	if cmd.NoRetry() { // queued commands may be sent again, and this one must not be
		qs.sender.One(ctx, cmd)
		return nil
	}
	return qs.forKey(ctx, key).do(ctx, cmd)
}

// forKey returns the queue of a key.
func (qs *Queues) forKey(ctx context.Context, key string) *queue {
	if qs.owner == nil {
		return qs.only
	}
	server, err := qs.owner(ctx, key)
	if err != nil {
		return qs.only // the command will return the error
	}
	found, ok := qs.each.Load(server)
	if !ok {
		return qs.add(server)
	}
	q := found.(*queue)
	if !q.used.Load() {
		q.used.Store(true)
	}
	return q
}

// unused is how long a queue must be unused before it is dropped, since its server may be gone.
const unused = time.Minute

// add adds the queue of a new server, and drops queues that nobody uses any more.
func (qs *Queues) add(server *redis.Client) *queue {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	if q, ok := qs.each.Load(server); ok {
		return q.(*queue)
	}
	now := time.Now()
	qs.each.Range(func(server, found any) bool {
		q := found.(*queue)
		if q.used.Swap(false) {
			q.seen = now
		} else if now.Sub(q.seen) >= qs.unused {
			qs.each.Delete(server)
		}
		return true
	})
	q := newQueue(qs.sender, qs.retries, true)
	q.seen = now
	qs.each.Store(server, q)
	return q
}

// Drop makes commands fail with err that are not sent yet, or would be sent again: those that are
// queued, and those that come later. It does not wait.
func (qs *Queues) Drop(err error) {
	qs.only.drop(err)
	qs.each.Range(func(_, q any) bool {
		q.(*queue).drop(err)
		return true
	})
}

// Close waits until nothing is queued and no goroutine is running, or until ctx ends. It does not
// wait for commands that their callers send themselves.
func (qs *Queues) Close(ctx context.Context) error {
	err := qs.only.close(ctx)
	qs.each.Range(func(_, q any) bool {
		err = errors.Join(err, q.(*queue).close(ctx))
		return true
	})
	return err
}
