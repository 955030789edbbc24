package reap

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/wire"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// slowTake delays the command that takes the lease, like a busy machine.
type slowTake time.Duration

func (slowTake) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d slowTake) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" {
			time.Sleep(time.Duration(d))
		}
		return next(ctx, cmd)
	}
}

func (slowTake) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// The interval between passes counts from the beginning of a pass, even if it took long to get the
// lease. Otherwise all processes that ask at the same time make a pass.
func TestIntervalBeginsWithThePass(t *testing.T) {
	const every, lag = time.Minute, 200 * time.Millisecond
	rdb := redistest.Start(t).Client(t)
	slow := redis.NewClient(rdb.Options())
	defer slow.Close()
	slow.AddHook(slowTake(lag))
	w, err := wire.New(slow, false)
	if err != nil {
		t.Fatal(err)
	}
	n, err := names.New("", "users")
	if err != nil {
		t.Fatal(err)
	}
	turn, err := Take(t.Context(), w, n, every)
	if err != nil {
		t.Fatal(err)
	}
	taken := time.Now()
	turn.wire, err = wire.New(rdb, false)
	if err != nil {
		t.Fatal(err)
	}
	turn.Release(t.Context(), true)
	left := rdb.PTTL(t.Context(), n.Swept()).Val()
	if since := time.Since(taken); left < every-since-lag/2 {
		t.Errorf("%v after the turn was taken, the next pass is due in %v", since, left)
	}
}
