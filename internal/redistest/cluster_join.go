package redistest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// absentees are primaries that do not exist. A primary refuses writes for the first 2 s after its
// start (CLUSTER_WRITABLE_DELAY); a replica that takes over does not. So the primaries of a new
// cluster start as replicas of absentees that own the slots, and take over.
type absentees struct {
	ids []string
	// Nodes that try to reach an absentee reach this listener, and get no answer. A refused
	// connection would count as a failure, in Valkey 9 at once.
	silent net.Listener
}

func newAbsentees(n int) (*absentees, error) {
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		return nil, err
	}
	all := &absentees{silent: l}
	for range n {
		all.ids = append(all.ids, newNodeID())
	}
	return all, nil
}

// newNodeID returns 40 hex digits, as Redis names a node.
func newNodeID() string {
	id := make([]byte, 20)
	_, _ = rand.Read(id) // it never fails
	return hex.EncodeToString(id)
}

// conf returns the nodes.conf with which primary number i of a new cluster starts. The epochs
// differ, so that the nodes need not resolve a collision after they have taken over.
//
// From Redis 7.2 on, nodes have shard ids. Valkey 9 puts a node without one into no shard, and
// crashes at its first SPUBLISH.
func (all *absentees) conf(i int, shards bool) string {
	var b strings.Builder
	shard := func(id string) string {
		if !shards {
			return ""
		}
		return ",,tls-port=0,shard-id=" + id
	}
	fmt.Fprintf(&b, "%s :0@0%s myself,slave %s 0 0 0 connected\n",
		newNodeID(), shard(all.ids[i]), all.ids[i])
	port := all.silent.Addr().(*net.TCPAddr).Port
	for j, id := range all.ids {
		from, to := slotsOf(j, len(all.ids))
		fmt.Fprintf(&b, "%s 127.0.0.1:%d@%[2]d%s master - 0 0 %d connected %d-%d\n",
			id, port, shard(id), j+1, from, to)
	}
	fmt.Fprintf(&b, "vars currentEpoch %d lastVoteEpoch 0\n", len(all.ids)+i)
	return b.String()
}

// slotsOf returns the first and the last slot of a primary.
func slotsOf(i, primaries int) (from, to int) {
	return i * slots / primaries, (i+1)*slots/primaries - 1
}

// join lets the primaries take over, makes all nodes known to each other, gives the replicas their
// primaries, and waits until the cluster works. Then it sets the node timeout.
func (c *ClusterServers) join(
	ctx context.Context, absent *absentees, timeout time.Duration,
) error {
	clients := make([]*redis.Client, len(c.nodes))
	for i, n := range c.nodes {
		clients[i] = redis.NewClient(n.options(nil).Simple())
		defer clients[i].Close()
	}
	for _, rdb := range clients[:c.primaries] {
		// It fails until the node takes the cluster for complete, which is almost at once.
		takeOver := func() error {
			if err := isInOrder(ctx, rdb); err != nil {
				return err
			}
			return rdb.Do(ctx, "CLUSTER", "FAILOVER", "TAKEOVER").Err()
		}
		if err := until(ctx, takeOver); err != nil {
			return err
		}
	}
	if err := c.meet(ctx, clients[:c.primaries], 0); err != nil {
		return err
	}
	for _, rdb := range clients[:c.primaries] {
		if err := until(ctx, func() error { return ownsNothing(ctx, rdb, absent) }); err != nil {
			return err
		}
		for _, id := range absent.ids {
			if err := rdb.ClusterForget(ctx, id).Err(); err != nil {
				return err
			}
		}
	}
	if err := c.meet(ctx, clients, c.primaries); err != nil {
		return err
	}
	for i, rdb := range clients[c.primaries:] {
		id, err := clients[i%c.primaries].ClusterMyID(ctx).Result()
		if err != nil {
			return err
		}
		// It fails until the node has heard of its primary.
		if err := until(ctx, func() error {
			return rdb.ClusterReplicate(ctx, id).Err()
		}); err != nil {
			return err
		}
	}
	for i, rdb := range clients {
		if err := until(ctx, func() error { return c.isWhole(ctx, rdb) }); err != nil {
			return fmt.Errorf("%s: %w", c.nodes[i].addr, err)
		}
		if i >= c.primaries {
			if err := until(ctx, func() error { return isSynced(ctx, rdb) }); err != nil {
				return fmt.Errorf("%s: %w", c.nodes[i].addr, err)
			}
		}
	}
	rdb := redis.NewClusterClient(options(nil, c.Addrs()...).Cluster())
	defer rdb.Close()
	if err := until(ctx, func() error { return c.writable(ctx, rdb) }); err != nil {
		return err
	}
	ms := strconv.FormatInt(timeout.Milliseconds(), 10)
	for i, rdb := range clients {
		if err := rdb.ConfigSet(ctx, "cluster-node-timeout", ms).Err(); err != nil {
			return err
		}
		c.nodes[i].args = clusterArgs(timeout) // of its next start
	}
	return nil
}

// meet makes the clients' nodes known to each other. It leaves out pairs of nodes that are both
// before from.
func (c *ClusterServers) meet(ctx context.Context, clients []*redis.Client, from int) error {
	for i, rdb := range clients {
		for j, other := range c.nodes[:len(clients)] {
			if j == i || max(i, j) < from {
				continue
			}
			host, port, _ := strings.Cut(other.addr, ":")
			if err := rdb.ClusterMeet(ctx, host, port).Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// isInOrder returns why a node takes the cluster for broken.
func isInOrder(ctx context.Context, rdb *redis.Client) error {
	info, err := rdb.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	return lacks(info, map[string]string{"cluster_state": "ok"})
}

// ownsNothing returns an error while, as far as one node knows, an absentee still owns slots.
func ownsNothing(ctx context.Context, rdb *redis.Client, absent *absentees) error {
	nodes, err := rdb.ClusterNodes(ctx).Result()
	if err != nil {
		return err
	}
	for line := range strings.Lines(nodes) {
		// id addr flags primary ping pong epoch link slots…
		f := strings.Fields(line)
		if slices.Contains(absent.ids, f[0]) && len(f) > 8 {
			return fmt.Errorf("nobody has taken over from %s", line)
		}
	}
	return nil
}

// isWhole returns what one node still lacks.
func (c *ClusterServers) isWhole(ctx context.Context, rdb *redis.Client) error {
	info, err := rdb.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	return lacks(info, map[string]string{
		"cluster_state":       "ok",
		"cluster_slots_ok":    strconv.Itoa(slots),
		"cluster_known_nodes": strconv.Itoa(len(c.nodes)),
		"cluster_size":        strconv.Itoa(c.primaries),
	})
}

// writable writes to every primary through the client's own routing.
func (c *ClusterServers) writable(ctx context.Context, rdb *redis.ClusterClient) error {
	served := map[string]bool{}
	for i := 0; len(served) < c.primaries; i++ {
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
