package store

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// slowClaim is a machine that takes its time to ask for the lease.
type slowClaim time.Duration

func (slowClaim) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d slowClaim) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "set" {
			time.Sleep(time.Duration(d))
		}
		return next(ctx, cmd)
	}
}

func (slowClaim) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// The interval between passes counts from the beginning of a pass, however long it took to get the lease: else all who asked
// for it at the same time make a pass.
func TestIntervalBeginsWithThePass(t *testing.T) {
	const every, lag = time.Minute, 500 * time.Millisecond
	rdb := redistest.Start(t).Client(t)
	s := New(rdb, "users:", ttl.Active(time.Hour).Terms(), false)
	slow := redis.NewClient(rdb.Options())
	defer slow.Close()
	slow.AddHook(slowClaim(lag))
	s.rdb = slow
	l, err := s.Claim(t.Context(), every)
	if err != nil {
		t.Fatal(err)
	}
	s.rdb = rdb
	l.Release(t.Context(), true)
	if left := rdb.PTTL(t.Context(), s.turnKey()).Val(); left < every-lag/2 {
		t.Errorf("the next pass is due in %v, want %v", left, every)
	}
}
