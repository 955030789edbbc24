package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/recent"
)

// server is the Redis of the tour, and how time passes there.
type server struct {
	rdb   redis.UniversalClient
	about string // what it is, for the reader
	times times
	pass  func(ctx context.Context, d time.Duration) error // lets d pass
	how   string                                           // how it does that
	close func()
}

// times are the durations of the steps that are about time.
type times struct {
	ttl   time.Duration // of the policies
	own   time.Duration // of the record with its own TTL
	pause time.Duration // more than half of ttl: without a renewal, two of them end a record's life
	slack time.Duration // how much less than a whole TTL may be left just after a renewal
}

// opener returns the server of a tour.
type opener func(ctx context.Context) (*server, error)

// openServer returns the server that the environment names, or one inside this process.
func openServer(ctx context.Context) (*server, error) {
	if cmp.Or(os.Getenv("REDIS_URL"), os.Getenv("REDIS_HOST"), os.Getenv("REDIS_ADDRS")) == "" {
		return embedded(), nil
	}
	cfg, err := cache.FromEnv()
	if err != nil {
		return nil, err
	}
	return dial(ctx, cfg)
}

// embedded returns a miniredis whose clock stands still until the tour moves it.
func embedded() *server {
	m := miniredis.NewMiniRedis()
	now := time.Now().Truncate(time.Millisecond)
	m.SetTime(now)
	m.ClockTTL(true)
	rdb := redis.NewClient(&redis.Options{
		Addr:                  "miniredis", // for messages; nothing resolves it
		Dialer:                minipipe.Dialer(m),
		ContextTimeoutEnabled: true,
	})
	return &server{
		rdb:   rdb,
		about: "embedded, inside this process; set REDIS_URL or REDIS_HOST to use a real one",
		times: times{ttl: 30 * time.Minute, own: 2 * time.Hour, pause: 20 * time.Minute},
		pass: func(ctx context.Context, d time.Duration) error {
			now = now.Add(d)
			m.SetTime(now)
			recent.Skip(d)
			return ctx.Err()
		},
		how: "the tour moves the clock",
		close: func() {
			_ = rdb.Close()
			m.Close()
		},
	}
}

// dial returns the real server that cfg names, or says which one does not answer.
func dial(ctx context.Context, cfg cache.Config) (*server, error) {
	addr := strings.Join(cfg.UniversalOptions().Addrs, ", ")
	rdb := cfg.Client()
	short, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	if err := rdb.Ping(short).Err(); err != nil {
		_ = rdb.Close()
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() &&
			ctx.Err() == nil {
			err = fmt.Errorf("no answer in time: %w", err)
		}
		return nil, fmt.Errorf("cannot use the Redis at %s: %w", addr, err)
	}
	return &server{
		rdb:   rdb,
		about: "a real Redis at " + addr + "; all that the tour writes there is removed at its end",
		times: times{ttl: 2 * time.Second, own: 10 * time.Second, pause: 1200 * time.Millisecond,
			slack: 800 * time.Millisecond},
		pass: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		how:   "the tour waits",
		close: func() { _ = rdb.Close() },
	}, nil
}
