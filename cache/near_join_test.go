package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// clientHook is a hook of a Redis client.
type clientHook struct {
	process  func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error
	pipeline func(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error
}

func (h clientHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h clientHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	if h.process == nil {
		return next
	}
	return func(ctx context.Context, cmd redis.Cmder) error { return h.process(ctx, cmd, next) }
}

func (h clientHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	if h.pipeline == nil {
		return next
	}
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return h.pipeline(ctx, cmds, next)
	}
}

// A GetOrLoad does not join a Get that hangs: it has its own Patience.
func TestNearLoadJoinsNoGet(t *testing.T) {
	rdb := redistest.Start(t).Client(t, patient)
	sent, resume := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	rdb.AddHook(clientHook{process: func(
		ctx context.Context, cmd redis.Cmder, next redis.ProcessHook,
	) error {
		if cmd.Name() == "evalsha" && held.CompareAndSwap(false, true) {
			close(sent)
			<-resume
		}
		return next(ctx, cmd)
	}})
	o := nearWith(cache.Near{Staleness: hour})
	o.Load.Patience = hour
	u, _ := nearNamed(t, rdb, "users", o)
	got := make(chan error)
	go func() {
		_, err := u.Get(ctx(t), 1)
		got <- err
	}()
	<-sent
	within, cancel := context.WithTimeout(ctx(t), 10*time.Second)
	defer cancel()
	v, err := u.GetOrLoad(within, 1, newSource(anns(2)).user)
	wantUser(t, v, err, ann)
	close(resume)
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// Callers that joined a read get its error when it fails, and do not wait that long again. If it
// failed because its caller gave up, one of them reads again.
func TestNearJoinersShareErrors(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t, func(o *redis.UniversalOptions) { o.MaxRetries = -1 })
	var sent atomic.Int64
	fail := make(chan struct{})
	errLost := errors.New("the connection is lost")
	rdb.AddHook(clientHook{process: func(
		ctx context.Context, cmd redis.Cmder, next redis.ProcessHook,
	) error {
		if cmd.Name() != "evalsha" {
			return next(ctx, cmd)
		}
		sent.Add(1)
		select {
		case <-fail:
			cmd.SetErr(errLost)
		case <-ctx.Done():
			cmd.SetErr(ctx.Err())
		}
		return cmd.Err()
	}})
	u, _ := nearNamed(t, rdb, "users", nearWith(cache.Near{Staleness: hour}))
	first, cancel := context.WithCancel(ctx(t))
	var all sync.WaitGroup
	read := func(ctx context.Context, want error) {
		all.Go(func() {
			if _, err := u.Get(ctx, 1); !errors.Is(err, want) {
				t.Errorf("Get: %v, want %v", err, want)
			}
		})
	}
	read(first, context.Canceled)
	soon(t, "a read", func() bool { return sent.Load() == 1 })
	for range 20 {
		read(ctx(t), errLost)
	}
	time.Sleep(20 * time.Millisecond) // some have joined; not all need to
	cancel()
	soon(t, "another read", func() bool { return sent.Load() == 2 })
	time.Sleep(20 * time.Millisecond)
	close(fail)
	all.Wait()
	if n := sent.Load(); n > 2+20/2 { // late callers read themselves
		t.Errorf("%d reads were sent", n)
	}
}

// A read of one key does not join a batch.
func TestNearJoinsNoBatch(t *testing.T) {
	rdb := redistest.Start(t).Client(t, patient)
	stopped, resume := make(chan struct{}), make(chan struct{})
	var once sync.Once
	u, _ := nearNamed(t, rdb, "users", nearWith(cache.Near{Staleness: hour}))
	u.set(1, ann)
	u.set(2, bob)
	rdb.AddHook(clientHook{pipeline: func(
		ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook,
	) error {
		if cmds[0].Name() == "evalsha" {
			once.Do(func() {
				close(stopped)
				<-resume
			})
		}
		return next(ctx, cmds)
	}})
	var batch sync.WaitGroup
	batch.Go(func() {
		got, err := u.GetMany(ctx(t), []int64{1, 2})
		if err != nil || len(got) != 2 {
			t.Errorf("GetMany: %v, %v", got, err)
		}
	})
	<-stopped
	within, cancel := context.WithTimeout(ctx(t), 10*time.Second)
	defer cancel()
	got, err := u.Get(within, 1)
	wantUser(t, got, err, ann)
	got, err = u.GetOrLoad(within, 2, newSource(nil).user)
	wantUser(t, got, err, bob)
	close(resume)
	batch.Wait()
}

// A process sees its own writes at once: with any spelling of the key, through a second cache of
// the same name, and after another cache was closed twice.
func TestNearOwnWritesOfTwins(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t, patient)
	closed := mustNew[folded](t, rdb, "texts", codec.String{}, nearWith(cache.Near{}))
	must(t, closed.Close())
	var twins []*cache.Cache[folded, string]
	for range 2 {
		c := mustNew[folded](t, rdb, "texts", codec.String{}, nearWith(cache.Near{}))
		soon(t, "a proof", func() bool { return c.Stats().Near.ProofAge >= 0 })
		twins = append(twins, c)
		must(t, closed.Close())
	}
	if n := trackers(t, s.Client(t)); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
	for i := range 500 {
		var all sync.WaitGroup
		for _, c := range twins {
			for _, k := range []folded{"Key", "key"} {
				all.Go(func() { _, _ = c.Get(ctx(t), k) })
			}
		}
		want := time.Duration(i).String()
		must(t, twins[i%2].Set(ctx(t), "KEY", want))
		for _, c := range twins {
			for _, k := range []folded{"Key", "key"} {
				if got, err := c.Get(ctx(t), k); got != want || err != nil {
					t.Fatalf("%s is %q, %v, want %q", k, got, err, want)
				}
			}
		}
		all.Wait()
	}
}
