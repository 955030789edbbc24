package store

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// coalescers are the coalescers of a store: one for each server that holds keys, since
// a pipeline to several servers is as slow as the slowest of them.
type coalescers struct {
	rdb    redis.UniversalClient
	only   *coalescer                                                   // if there is one server, and for keys whose server is not known
	server func(ctx context.Context, key string) (*redis.Client, error) // nil if there is one server
	each   sync.Map                                                     // *coalescer by *redis.Client; those of servers that have gone stay
}

func newCoalescers(rdb redis.UniversalClient) *coalescers {
	cs := &coalescers{rdb: rdb}
	switch rdb := rdb.(type) {
	case interface { // *redis.ClusterClient, or what embeds it
		MasterForKey(context.Context, string) (*redis.Client, error)
	}:
		cs.server = rdb.MasterForKey
	case interface { // *redis.Ring, or what embeds it
		GetShardClientForKey(string) (*redis.Client, error)
	}:
		cs.server = func(_ context.Context, key string) (*redis.Client, error) { return rdb.GetShardClientForKey(key) }
	}
	cs.only = newCoalescer(rdb, cs.server != nil)
	return cs
}

// of returns the coalescer of a key.
func (cs *coalescers) of(ctx context.Context, key string) *coalescer {
	if cs.server == nil {
		return cs.only
	}
	server, err := cs.server(ctx, key)
	if err != nil {
		return cs.only // the command will say what is wrong
	}
	c, ok := cs.each.Load(server)
	if !ok {
		c, _ = cs.each.LoadOrStore(server, newCoalescer(cs.rdb, true))
	}
	return c.(*coalescer)
}

func (cs *coalescers) close() {
	cs.only.close()
	cs.each.Range(func(_, c any) bool {
		c.(*coalescer).close()
		return true
	})
}
