package lease

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/wire"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func clientOf(t *testing.T, rdb redis.UniversalClient) *wire.Client {
	t.Helper()
	w, err := wire.New(rdb, false)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLease(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		w, key := clientOf(t, b.Client), b.Name()+"!lease"
		l, left, err := Take(t.Context(), w, key, time.Hour)
		if l == nil || left != 0 || err != nil {
			t.Fatalf("Take = %v, %v, %v", l, left, err)
		}
		if other, left, err := Take(t.Context(), w, key, time.Hour); other != nil ||
			left <= 59*time.Minute || left > time.Hour || err != nil {
			t.Errorf("the second Take = %v, %v, %v", other, left, err)
		}
		if err := l.Keep(t.Context()); err != nil {
			t.Errorf("Keep = %v", err)
		}
		if err := b.Client.Del(t.Context(), key).Err(); err != nil {
			t.Fatal(err)
		}
		l.taken = time.Time{} // it is time to renew
		if err := l.Keep(t.Context()); err != nil ||
			b.Client.PTTL(t.Context(), key).Val() <= 59*time.Minute {
			t.Errorf("Keep of an expired lease that is free = %v", err)
		}
		if err := l.Release(t.Context()); err != nil ||
			b.Client.Exists(t.Context(), key).Val() != 0 {
			t.Errorf("Release = %v", err)
		}
		other, _, err := Take(t.Context(), w, key, time.Hour)
		if other == nil || err != nil {
			t.Fatalf("Take of a free lease = %v, %v", other, err)
		}
		l.taken = time.Time{}
		if err := l.Keep(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("Keep of another process's lease = %v", err)
		}
		if err := l.Release(t.Context()); err != nil ||
			b.Client.Exists(t.Context(), key).Val() != 1 {
			t.Errorf("Release of another process's lease = %v, and it is gone", err)
		}
		if err := b.Client.Persist(t.Context(), key).Err(); err != nil {
			t.Fatal(err)
		}
		if l, left, err := Take(t.Context(), w, key, time.Hour); l != nil || left != time.Second ||
			err != nil {
			t.Errorf("Take of a key without a TTL = %v, %v, %v", l, left, err)
		}
		if err := b.Client.Del(t.Context(), key).Err(); err != nil {
			t.Fatal(err)
		}
	})
}

// loseReply loses the reply to the first command, which go-redis then sends again.
type loseReply struct{ lost *atomic.Int64 }

func (loseReply) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h loseReply) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := next(ctx, cmd); err != nil || h.lost.Add(1) > 1 {
			return err
		}
		cmd.SetErr(io.EOF)
		return next(ctx, cmd) // as a client does without a reply
	}
}
func (loseReply) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// If a Take is executed and its reply is lost, the client sends it again. Then the process has the
// lease.
func TestTakeWithoutReply(t *testing.T) {
	rdb := redistest.Standalone(t).Client(t)
	key := redistest.UniqueName(t) + "!lease"
	t.Cleanup(func() { rdb.Del(context.Background(), key) })
	w := clientOf(t, rdb)
	// the script is known now
	if l, _, err := Take(t.Context(), w, key, time.Minute); l == nil || err != nil {
		t.Fatal(err)
	}
	rdb.Del(t.Context(), key)
	var lost atomic.Int64
	rdb.AddHook(loseReply{&lost})
	l, left, err := Take(t.Context(), w, key, time.Minute)
	if l == nil || err != nil || lost.Load() == 0 {
		t.Errorf("Take = %v, busy for %v, %v", l, left, err)
	}
}
