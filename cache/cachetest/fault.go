package cachetest

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/breaker"
)

// Fail makes every command of Client fail with err from now on, at once and without retries. If err
// is nil, commands fail as if the server cannot be reached. It is safe for concurrent use.
func (s *Server) Fail(err error) {
	if err == nil {
		err = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	s.fault.err.Store(&err)
}

// Recover ends what Fail began. Caches notice it with their next command. In a synctest bubble it
// sleeps for 200 ms. It is safe for concurrent use.
func (s *Server) Recover() {
	s.fault.err.Store(nil)
	if s.bubble {
		time.Sleep(breaker.Window)
	} else {
		breaker.Skip(breaker.Window)
	}
}

// fault is the hook that makes the client of a Server fail.
type fault struct{ err atomic.Pointer[error] }

func (f *fault) now() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (f *fault) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f *fault) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := f.now(); err != nil {
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

func (f *fault) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if err := f.now(); err != nil {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
			return err
		}
		return next(ctx, cmds)
	}
}

// Count returns a loader that calls load, and a function that returns how often the loader was
// called. The loader is safe for concurrent use if load is. It takes loaders of GetOrLoad and of
// GetOrLoadMany.
//
//	load, calls := cachetest.Count(db.User)
func Count[K, V any](
	load func(context.Context, K) (V, error),
) (counted func(context.Context, K) (V, error), calls func() int) {
	var n atomic.Int64
	counted = func(ctx context.Context, k K) (V, error) {
		n.Add(1)
		return load(ctx, k)
	}
	return counted, func() int { return int(n.Load()) }
}
