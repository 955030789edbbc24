package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// join gives each primary its share of the slots, introduces all to all, gives the replicas their primaries, and waits.
func (c *ClusterServers) join(ctx context.Context) error {
	clients := make([]*redis.Client, len(c.nodes))
	for i, n := range c.nodes {
		clients[i] = redis.NewClient(n.options(nil).Simple())
		defer clients[i].Close()
	}
	for i, rdb := range clients {
		// Different epochs from the start save the nodes from settling the collision themselves, as redis-cli --cluster
		// does. A node takes one only before it knows any other.
		if err := rdb.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return err
		}
	}
	for i, rdb := range clients {
		if i < primaries {
			if err := rdb.ClusterAddSlotsRange(ctx, i*slots/primaries, (i+1)*slots/primaries-1).Err(); err != nil {
				return err
			}
		}
		for _, other := range c.nodes {
			if other == c.nodes[i] {
				continue
			}
			host, port, _ := strings.Cut(other.addr, ":")
			if err := rdb.ClusterMeet(ctx, host, port).Err(); err != nil {
				return err
			}
		}
	}
	for i, rdb := range clients[primaries:] {
		id, err := clients[i%primaries].ClusterMyID(ctx).Result()
		if err != nil {
			return err
		}
		// It fails until the node has heard of its primary.
		if err := until(ctx, func() error { return rdb.ClusterReplicate(ctx, id).Err() }); err != nil {
			return err
		}
	}
	for i, rdb := range clients {
		if err := until(ctx, func() error { return c.isWhole(ctx, rdb) }); err != nil {
			return fmt.Errorf("%s: %w", c.nodes[i].addr, err)
		}
		if i >= primaries {
			if err := until(ctx, func() error { return isSynced(ctx, rdb) }); err != nil {
				return fmt.Errorf("%s: %w", c.nodes[i].addr, err)
			}
		}
	}
	rdb := redis.NewClusterClient(options(nil, c.Addrs()...).Cluster())
	defer rdb.Close()
	return until(ctx, func() error { return writable(ctx, rdb) })
}

// isWhole says what one node still lacks.
func (c *ClusterServers) isWhole(ctx context.Context, rdb *redis.Client) error {
	info, err := rdb.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	return lacks(info, map[string]string{
		"cluster_state": "ok", "cluster_slots_ok": "16384", "cluster_known_nodes": strconv.Itoa(len(c.nodes)), "cluster_size": strconv.Itoa(primaries),
	})
}

// writable writes to every primary through the client's own routing.
func writable(ctx context.Context, rdb *redis.ClusterClient) error {
	served := map[string]bool{}
	for i := 0; len(served) < primaries; i++ {
		if i == 1000 {
			return fmt.Errorf("a thousand keys went to %d primaries", len(served))
		}
		key := fmt.Sprintf("redistest-%d", i)
		node, err := rdb.MasterForKey(ctx, key)
		if err != nil {
			return err
		}
		if served[node.Options().Addr] {
			continue
		}
		if err := rdb.Set(ctx, key, "", time.Second).Err(); err != nil {
			return err
		}
		if err := rdb.Del(ctx, key).Err(); err != nil {
			return err
		}
		served[node.Options().Addr] = true
	}
	return nil
}
