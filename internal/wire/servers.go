package wire

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// servers is what a client of go-redis knows about its servers.
type servers struct {
	// owner returns the server that holds a key. It is nil if one server holds them all.
	owner func(ctx context.Context, key string) (*redis.Client, error)

	// each calls a function with every server that holds keys, in a goroutine for each.
	each func(context.Context, func(context.Context, *redis.Client) error) error

	// reload makes a cluster's client ask for the layout again. It is nil for other clients.
	reload func(ctx context.Context)

	// replicas says that the client may send reads to replicas.
	replicas bool

	// obeys says that the client ends a command at the deadline of its context.
	obeys bool
}

// The clients that New accepts. They are interfaces, so that types that embed a client match too.
// The interfaces of go-redis are much larger.
type (
	single interface{ Options() *redis.Options } // *redis.Client

	cluster interface { // *redis.ClusterClient
		Options() *redis.ClusterOptions
		ForEachMaster(context.Context, func(context.Context, *redis.Client) error) error
		MasterForKey(ctx context.Context, key string) (*redis.Client, error)
		ReloadState(ctx context.Context)
	}

	ring interface { // *redis.Ring
		Options() *redis.RingOptions
		ForEachShard(context.Context, func(context.Context, *redis.Client) error) error
		GetShardClientForKey(key string) (*redis.Client, error)
	}
)

func serversOf(rdb redis.UniversalClient) (servers, error) {
	switch rdb := rdb.(type) {
	case cluster:
		return servers{
			owner:    rdb.MasterForKey,
			each:     rdb.ForEachMaster,
			reload:   rdb.ReloadState,
			replicas: rdb.Options().ReadOnly,
			obeys:    rdb.Options().ContextTimeoutEnabled,
		}, nil
	case ring:
		return servers{
			owner: func(_ context.Context, key string) (*redis.Client, error) {
				return rdb.GetShardClientForKey(key)
			},
			each:  rdb.ForEachShard,
			obeys: rdb.Options().ContextTimeoutEnabled,
		}, nil
	case single:
		o := rdb.Options()
		if o.ClientSideCache != nil || o.ClientSideCacheConfig != nil {
			return servers{}, errors.New("rdb has a client-side cache of go-redis, which does " +
				"not bound how old its answers are: set Options.Near in its place")
		}
		return servers{obeys: o.ContextTimeoutEnabled}, nil
	case *redis.AutoPipeliner:
		return servers{}, errors.New("rdb is a redis.AutoPipeliner: " +
			"give the client itself, and set Options.AutoPipeline")
	}
	return servers{}, fmt.Errorf("rdb is a %T, which does not tell which servers are behind it: "+
		"it must be or embed a *redis.Client, *redis.ClusterClient or *redis.Ring", rdb)
}

// rediscover makes the client of a cluster ask for the layout again after a server did not answer a
// command. A replica may have replaced the server. go-redis notices that if another node redirects
// it or if a node is dead. Otherwise it asks once a minute, and until then all keys of the silent
// node fail.
//
// The client asks in the background, once at a time and at most five times per second
// (ClusterClient.ReloadState).
func (s *servers) rediscover(ctx context.Context, err error) {
	if err != nil && s.reload != nil && !errors.Is(err, context.Canceled) && !Answered(err) {
		s.reload(ctx)
	}
}

// Server is one server that holds a part of the keys, or all of them.
type Server struct {
	client *Client
	rdb    redis.Cmdable
}

// layoutLimit bounds how long a cluster's client may ask for the layout, since the asked node may
// not answer. After that, the client uses the last known layout.
const layoutLimit = 250 * time.Millisecond

// Servers returns the primaries, and whether one server holds all keys.
func (c *Client) Servers(ctx context.Context) (all []Server, single bool, err error) {
	if c.servers.each == nil {
		return []Server{{c, c.rdb}}, true, nil
	}
	if !c.gate.enter() {
		return nil, false, ErrClosed
	}
	defer c.gate.leave()
	var mu sync.Mutex
	collect := func(_ context.Context, rdb *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, Server{c, rdb})
		return nil
	}
	short, cancel := context.WithTimeout(ctx, layoutLimit)
	defer cancel()
	if err = c.servers.each(short, collect); err != nil { // there is no layout yet
		all = nil
		err = c.servers.each(ctx, collect)
	}
	return all, false, err
}

// ID identifies a server of the client. Owner returns the same value.
func (s Server) ID() *redis.Client {
	if s.client.servers.owner == nil {
		return nil
	}
	id, _ := s.rdb.(*redis.Client)
	return id
}

// Options returns the options of the client of the server.
func (s Server) Options() *redis.Options { return s.rdb.(single).Options() }

// Send sends commands to the server as one pipeline. Afterwards each has its reply or its error.
func (s Server) Send(ctx context.Context, cmds []redis.Cmder) {
	if !s.client.gate.enter() {
		failAll(cmds, ErrClosed)
		return
	}
	defer s.client.gate.leave()
	if len(cmds) == 1 {
		_ = s.rdb.(processor).Process(ctx, cmds[0])
		return
	}
	pipelineBy(ctx, s.rdb, cmds)
}

type processor interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// Size returns how many keys the server holds, of all caches and programs. It costs one command.
func (s Server) Size(ctx context.Context) (size int64, err error) {
	if !s.client.gate.enter() {
		return 0, ErrClosed
	}
	defer s.client.gate.leave()
	cmd := s.rdb.DBSize(ctx)
	return cmd.Val(), Err(cmd)
}

// Pages walks the keys of the server with a prefix, a page at a time. It costs one SCAN for about
// size keys. A page has no key twice, and at most most keys, even if Redis returns more at once.
// Pages also yields empty pages, for callers that pace the walk. The first error ends the walk.
func (s Server) Pages(
	ctx context.Context, prefix string, size, most int,
) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for cursor := uint64(0); ; {
			keys, next, err := s.scan(ctx, cursor, prefix+"*", int64(size))
			if err != nil {
				yield(nil, err)
				return
			}
			// A proxy may return other keys too.
			keys = slices.DeleteFunc(keys, func(key string) bool {
				return !strings.HasPrefix(key, prefix)
			})
			slices.Sort(keys)
			keys = slices.Compact(keys) // SCAN may give a key twice in a page
			if len(keys) == 0 && !yield(nil, nil) {
				return
			}
			for page := range slices.Chunk(keys, most) {
				if !yield(page, nil) {
					return
				}
			}
			if cursor = next; cursor == 0 {
				return
			}
		}
	}
}

func (s Server) scan(
	ctx context.Context, cursor uint64, match string, size int64,
) ([]string, uint64, error) {
	if !s.client.gate.enter() {
		return nil, 0, ErrClosed
	}
	defer s.client.gate.leave()
	cmd := s.rdb.Scan(ctx, cursor, match, size)
	if err := Err(cmd); err != nil {
		return nil, 0, err
	}
	keys, next := cmd.Val()
	return keys, next, nil
}

// Owner returns the server that holds a key. It returns nil if one server holds all keys, or if the
// server is not known. Callers use it as the key for what they remember about a server.
func (c *Client) Owner(ctx context.Context, key string) *redis.Client {
	if c.servers.owner == nil {
		return nil
	}
	owner, err := c.servers.owner(ctx, key)
	if err != nil {
		return nil
	}
	return owner
}

// Busy reports whether all connections to a server are open and in use. If a command has timed out
// then, it may have waited for other commands, and not for the server.
func (c *Client) Busy(owner *redis.Client) bool {
	if owner == nil {
		owner, _ = c.rdb.(*redis.Client)
	}
	if owner == nil {
		return false
	}
	stats := owner.PoolStats()
	return int(stats.TotalConns) >= owner.Options().PoolSize && stats.IdleConns == 0
}

// Single reports whether one server holds all keys.
func (c *Client) Single() bool { return c.servers.owner == nil }

// Clustered reports whether the servers are a cluster.
func (c *Client) Clustered() bool { return c.servers.reload != nil }

// ObeysContexts reports whether the client ends a command at the deadline of its context.
func (c *Client) ObeysContexts() bool { return c.servers.obeys }
