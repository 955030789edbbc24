package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// scanFunc asks one primary for one page of the keys that match.
type scanFunc func(ctx context.Context, cursor uint64, match string, count int64) (keys []string, next uint64, err error)

// primaries returns a scanFunc for each server that holds a part of the keys.
func (s *Store) primaries(ctx context.Context) ([]scanFunc, error) {
	switch rdb := s.rdb.(type) {
	case *redis.Client:
		return []scanFunc{scan(rdb)}, nil
	case interface { // *redis.ClusterClient, or what embeds it
		ForEachMaster(context.Context, func(context.Context, *redis.Client) error) error
	}:
		return collect(ctx, rdb.ForEachMaster)
	case interface { // *redis.Ring
		ForEachShard(context.Context, func(context.Context, *redis.Client) error) error
	}:
		return collect(ctx, rdb.ForEachShard)
	}
	return s.slotOwners(ctx)
}

func scan(rdb redis.Cmdable) scanFunc {
	return func(ctx context.Context, cursor uint64, match string, count int64) ([]string, uint64, error) {
		return rdb.Scan(ctx, cursor, match, count).Result()
	}
}

func collect(ctx context.Context, each func(context.Context, func(context.Context, *redis.Client) error) error) ([]scanFunc, error) {
	var mu sync.Mutex // each calls back from a goroutine per server
	var scans []scanFunc
	err := each(ctx, func(_ context.Context, rdb *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		scans = append(scans, scan(rdb))
		return nil
	})
	return scans, err
}

// slotOwners serves clients that hide what is behind them, as redis.AutoPipeliner
// does. It asks the server whether it is a cluster, and reaches a primary by
// WATCH on a key of one of its slots, since a client offers no other way to send
// a command without a key to a server of one's choice.
func (s *Store) slotOwners(ctx context.Context) ([]scanFunc, error) {
	ranges, err := s.rdb.ClusterSlots(ctx).Result()
	switch {
	case err != nil && (strings.Contains(err.Error(), "cluster support disabled") || redis.HasErrorPrefix(err, "unknown command")):
		return []scanFunc{scan(s.rdb)}, nil
	case err != nil:
		return nil, err
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
	scans := make([]scanFunc, len(addrs))
	for i, addr := range addrs {
		key := s.keyIn(owned[addr])
		scans[i] = func(ctx context.Context, cursor uint64, match string, count int64) (keys []string, next uint64, err error) {
			err = s.rdb.Watch(ctx, func(tx *redis.Tx) (err error) {
				keys, next, err = scan(tx)(ctx, cursor, match, count)
				return err
			}, key)
			return keys, next, err
		}
	}
	return scans, nil
}

// keyIn returns a key of the cache's bookkeeping, which nobody ever writes, that
// belongs to one of the slots.
func (s *Store) keyIn(ranges []redis.ClusterSlot) string {
	for i := 0; ; i++ {
		key := strings.TrimSuffix(s.prefix, ":") + "!node:" + strconv.Itoa(i)
		slot := slotOf(key)
		if slices.ContainsFunc(ranges, func(r redis.ClusterSlot) bool { return r.Start <= slot && slot <= r.End }) {
			return key
		}
	}
}

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
	return int(crc) % 16384
}
