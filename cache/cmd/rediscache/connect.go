package main

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/ttl"
)

// connect reads the environment and connects.
func (s *session) connect(ctx context.Context) error {
	if err := s.client(); err != nil {
		return err
	}
	return s.whole(ctx)
}

// client reads the environment and makes the client, which connects when it is first used.
func (s *session) client() (err error) {
	if err = s.environment(); err != nil {
		return err
	}
	s.rdb = s.config.Client()
	s.wire, err = wire.New(s.rdb, false)
	return err
}

// whole refuses a client of one server if that server is a node of a cluster. A walk would see only
// a part of the keys, without an error. It costs a HELLO, which every user may send, and a CLUSTER
// INFO if the server is such a node.
func (s *session) whole(ctx context.Context) error {
	if s.wire.Clustered() {
		return nil
	}
	hello := redis.NewMapStringInterfaceCmd(ctx, "hello")
	switch err := s.rdb.Process(ctx, hello); {
	case wire.Answered(err): // an old server or a proxy refuses HELLO
		return nil
	case err != nil:
		return err
	}
	switch hello.Val()["mode"] {
	case "cluster":
		info := redis.NewStringCmd(ctx, "cluster", "info")
		_ = s.rdb.Process(ctx, info) // without the permission, the error below is returned
		if strings.Contains(info.Val(), "cluster_size:1\r\n") {
			return nil // this node has all keys
		}
		return usage("the server is a node of a cluster and holds only a part of the keys: to " +
			"reach all keys, set REDIS_ADDRS, or give two nodes in -url")
	case "sentinel":
		return usage("the server is a Sentinel: set REDIS_ADDRS to the Sentinels and " +
			"REDIS_MASTER_NAME to the primary's name")
	}
	return nil
}

func (s *session) close() {
	if s.rdb != nil {
		_ = s.rdb.Close()
	}
}

// maxValueBytes is the size of the largest value that Redis can hold.
const maxValueBytes = 512 << 20

// target is the cache that a command is about.
type target struct {
	names   names.Names
	records *cache.Cache[string, []byte] // under the policy of the environment

	// store renews nothing, because its policy is Fixed.
	store *store.Store
}

// open connects and returns a cache. The name may include the namespace.
func (s *session) open(ctx context.Context, name string, track bool) (*target, error) {
	s.subject = name
	if err := s.client(); err != nil {
		return nil, err
	}
	if err := s.own(name); err != nil {
		return nil, err
	}
	o := s.config.Options()
	n, err := names.New(o.Namespace, strings.TrimPrefix(name, o.Namespace))
	if err != nil {
		return nil, usage("%s", strings.Replace(err.Error(), "Options.Namespace", "the namespace",
			1))
	}
	s.subject = n.String()
	if err := s.whole(ctx); err != nil {
		return nil, err
	}
	t := &target{names: n, store: s.store(n)}
	t.records, err = cache.New[string](s.rdb, n.String(), codec.Bytes{}, &cache.Options{
		TTL: o.TTL, MaxValueBytes: maxValueBytes, TrackAccess: track && !o.TTL.Terms().Renews,
	})
	return t, err
}

// store returns the store of a cache, or of no cache, for commands that need no policy.
func (s *session) store(n names.Names) *store.Store {
	return store.New(s.wire, n, ttl.Fixed(time.Hour).Terms(), nil)
}
