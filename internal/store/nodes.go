package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// node is a server that holds a part of the keys. do calls back with a client that
// talks to that server.
type node struct {
	do func(ctx context.Context, use func(redis.Cmdable) error) error
}

// scan asks for a page of the keys that match.
func (n node) scan(ctx context.Context, cursor uint64, match string, count int) (keys []string, next uint64, err error) {
	err = n.do(ctx, func(rdb redis.Cmdable) (err error) {
		keys, next, err = rdb.Scan(ctx, cursor, match, int64(count)).Result()
		return err
	})
	return keys, next, err
}

// size asks how many keys there are, of all caches and programs.
func (n node) size(ctx context.Context) (size int64, err error) {
	err = n.do(ctx, func(rdb redis.Cmdable) (err error) {
		size, err = rdb.DBSize(ctx).Result()
		return err
	})
	return size, err
}

func direct(rdb redis.Cmdable) node {
	return node{func(_ context.Context, use func(redis.Cmdable) error) error { return use(rdb) }}
}

// sharded is a client of several servers: a *redis.ClusterClient, a *redis.Ring, or
// what embeds one.
type sharded interface {
	ForEachShard(context.Context, func(context.Context, *redis.Client) error) error
}

// primaries returns the servers that hold the keys, and whether it is one that
// holds them all.
func (s *Store) primaries(ctx context.Context) (nodes []node, single bool, err error) {
	switch rdb := s.rdb.(type) {
	case *redis.Client:
		return []node{direct(rdb)}, true, nil
	case interface { // *redis.ClusterClient, or what embeds it
		ForEachMaster(context.Context, func(context.Context, *redis.Client) error) error
	}:
		nodes, err = collect(ctx, rdb.ForEachMaster)
		return nodes, false, err
	case sharded: // *redis.Ring
		nodes, err = collect(ctx, rdb.ForEachShard)
		return nodes, false, err
	}
	return s.slotOwners(ctx)
}

func collect(ctx context.Context, each func(context.Context, func(context.Context, *redis.Client) error) error) ([]node, error) {
	var mu sync.Mutex // each calls back from a goroutine per server
	var nodes []node
	err := each(ctx, func(_ context.Context, rdb *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, direct(rdb))
		return nil
	})
	return nodes, err
}

// slotOwners serves clients that hide what is behind them, as redis.AutoPipeliner
// does. It asks the server whether it is a cluster, and reaches a primary by
// WATCH on a key of one of its slots, since a client offers no other way to send
// a command without a key to a server of one's choice.
func (s *Store) slotOwners(ctx context.Context) (nodes []node, single bool, err error) {
	ranges, err := s.rdb.ClusterSlots(ctx).Result()
	switch {
	case err != nil && (strings.Contains(err.Error(), "cluster support disabled") || redis.HasErrorPrefix(err, "unknown command")):
		return []node{direct(s.rdb)}, true, nil
	case err != nil:
		return nil, false, err
	}
	owned := map[string][]redis.ClusterSlot{} // by the primary's address
	var addrs []string
	for _, r := range ranges {
		if len(r.Nodes) == 0 {
			continue
		}
		addr := r.Nodes[0].Addr
		if owned[addr] == nil {
			addrs = append(addrs, addr)
		}
		owned[addr] = append(owned[addr], r)
	}
	slices.Sort(addrs)
	for _, addr := range addrs {
		key := s.keyIn(owned[addr])
		nodes = append(nodes, node{func(ctx context.Context, use func(redis.Cmdable) error) error {
			return s.rdb.Watch(ctx, func(tx *redis.Tx) error { return use(tx) }, key)
		}})
	}
	return nodes, false, nil
}

// keyIn returns a key of the cache's bookkeeping, which nobody ever writes, that
// belongs to one of the slots.
func (s *Store) keyIn(ranges []redis.ClusterSlot) string {
	for i := 0; ; i++ {
		key := s.bookkeeping("node:" + strconv.Itoa(i))
		slot := slotOf(key)
		if slices.ContainsFunc(ranges, func(r redis.ClusterSlot) bool { return r.Start <= slot && slot <= r.End }) {
			return key
		}
	}
}

// slots is how many hash slots a cluster has.
const slots = 16384

// slotOf returns the hash slot of a key without a hash tag: CRC16/XMODEM of it,
// modulo 16384 (Redis Cluster specification, "Key distribution model").
func slotOf(key string) int {
	var crc uint16
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % slots
}
