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

// whole refuses a client of one server where that is a node of a cluster. A walk would see a part
// of the keys, and nothing would tell so. It costs a HELLO, which every user may send. A node of a
// cluster is also asked for CLUSTER INFO.
func (s *session) whole(ctx context.Context) error {
	if s.wire.Clustered() {
		return nil
	}
	hello := redis.NewMapStringInterfaceCmd(ctx, "hello")
	switch err := s.rdb.Process(ctx, hello); {
	case wire.Answered(err): // by an old server, or a proxy
		return nil
	case err != nil:
		return err
	}
	switch hello.Val()["mode"] {
	case "cluster":
		info := redis.NewStringCmd(ctx, "cluster", "info")
		_ = s.rdb.Process(ctx, info) // who may not ask is told to name the cluster
		if strings.Contains(info.Val(), "cluster_size:1\r\n") {
			return nil // this node has all keys
		}
		return usage("the server is a node of a cluster, and holds a part of the keys only: " +
			"name it by REDIS_ADDRS, or name two nodes by -url, to reach all of them")
	case "sentinel":
		return usage("the server is a Sentinel: name it by REDIS_ADDRS, and the primary by " +
			"REDIS_MASTER_NAME")
	}
	return nil
}

func (s *session) close() {
	if s.rdb != nil {
		_ = s.rdb.Close()
	}
}

// maxValueBytes is the longest value that Redis holds.
const maxValueBytes = 512 << 20

// target is the cache that a command is about.
type target struct {
	names   names.Names
	records *cache.Cache[string, []byte] // under the policy of the environment

	// store renews nothing, whatever is written: its policy does not.
	store *store.Store
}

// open connects, and returns the cache of a name. The name may be the full one.
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

// store returns the records of a cache, or of none, for what needs no policy.
func (s *session) store(n names.Names) *store.Store {
	return store.New(s.wire, n, ttl.Fixed(time.Hour).Terms(), nil)
}
