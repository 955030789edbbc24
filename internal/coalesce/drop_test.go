package coalesce

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// After drop, a command is not sent again.
func TestDropEndsRetries(t *testing.T) {
	dead := &deadServer{}
	q := newQueue(dead, Retries{Most: 1 << 30, Min: time.Millisecond, Max: time.Millisecond}, false)
	cmd := redis.NewStringCmd(t.Context(), "get", "k")
	q.mu.Lock()
	k := q.enqueue(t.Context(), cmd)
	go q.run(q.take())
	q.mu.Unlock()
	for dead.attempts.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	late := errors.New("late")
	q.drop(late)
	if err := q.wait(t.Context(), k); err != nil || cmd.Err() != late {
		t.Errorf("the command fails with %v, %v", err, cmd.Err())
	}
	if err := q.close(t.Context()); err != nil {
		t.Error(err)
	}
}

// deadServer is a Sender whose server closes every connection.
type deadServer struct{ attempts atomic.Int64 }

func (d *deadServer) One(ctx context.Context, cmd redis.Cmder) { d.Many(ctx, []redis.Cmder{cmd}) }

func (d *deadServer) Many(_ context.Context, cmds []redis.Cmder) {
	d.attempts.Add(1)
	for _, cmd := range cmds {
		cmd.SetErr(io.EOF)
	}
}
