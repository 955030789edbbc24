package cache_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// looks is a hook of a client that counts answered commands on record 1.
type looks struct{ n atomic.Int64 }

func (l *looks) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *looks) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if slices.ContainsFunc(cmd.Args(), func(a any) bool { return a == any("users:1") }) {
			l.n.Add(1)
		}
		return err
	}
}

func (l *looks) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		l.n.Add(int64(len(cmds)))
		return err
	}
}

// With copies, a process that waits for another's load reads the key when it is written, not only
// after a pause. So it keeps up with the writes. Without copies it does not. The test compares how
// often both read.
func TestNearWakesWaiters(t *testing.T) {
	const writes, tries = 200, 3
	s := redistest.Start(t)
	admin := s.Client(t)
	loaded := func(context.Context, int64) (User, error) { return bob, nil }
	var got [2]int64
	for range tries { // a busy machine may stop the waiters for a while
		must(t, admin.Del(ctx(t), "users:1").Err())
		must(t, admin.HSet(ctx(t), "users:1", "t", tokenOfNobody).Err())
		must(t, admin.PExpire(ctx(t), "users:1", hour).Err())
		var counts [2]*looks
		var waiters sync.WaitGroup
		for i, o := range []*cache.Options{nearWith(cache.Near{}), fixed()} {
			counts[i] = &looks{}
			rdb := s.Client(t)
			rdb.AddHook(counts[i])
			u := users{mustNew[int64](t, rdb, "users", jsonUsers, o), t, rdb}
			if o.Near != nil {
				u.proven()
			}
			waiters.Go(func() {
				got, err := u.GetOrLoad(ctx(t), 1, loaded, cache.WaitFresh(time.Minute))
				wantUser(t, got, err, ann)
			})
			soon(t, "the waiter's reads", func() bool { return counts[i].n.Load() > 8 })
		}
		near, plain := counts[0].n.Load(), counts[1].n.Load()
		for range writes {
			seen := counts[0].n.Load()
			must(t, admin.PExpire(ctx(t), "users:1", hour).Err())
			soon(t, "a look", func() bool { return counts[0].n.Load() > seen })
		}
		got = [2]int64{counts[0].n.Load() - near, counts[1].n.Load() - plain}
		const value = `{"name":"Ann","age":31,"tags":["admin"]}`
		must(t, admin.Set(ctx(t), "users:1", value, hour).Err())
		waiters.Wait()
		t.Logf("%d writes, %d reads with copies, %d without", writes, got[0], got[1])
		if got[0] > 2*got[1] {
			return
		}
	}
	t.Errorf("in each of %d tries, %d reads with copies, %d without", tries, got[0], got[1])
}
