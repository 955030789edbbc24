package redistest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	primaries = 3
	slots     = 16384
)

// ClusterServers are the nodes of one Redis Cluster: three primaries, no replicas. Safe for concurrent use.
type ClusterServers struct {
	nodes []*Server
}

// Cluster returns the cluster that all tests of the binary share. The first call starts it, [Main] stops it. That takes
// 2.1 s, nearly all of it a wait: a primary refuses writes for the first two seconds of its life (CLUSTER_WRITABLE_DELAY).
func Cluster(tb testing.TB) *ClusterServers {
	tb.Helper()
	path := binary(tb)
	c, err := cluster.get(func() (*ClusterServers, error) { return launchCluster(path) })
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	for _, n := range c.nodes {
		n.mustRun(tb)
	}
	logVersion(tb, path, c.nodes[0])
	return c
}

var cluster lazy[*ClusterServers]

// Nodes returns the servers, in the order of their slots.
func (c *ClusterServers) Nodes() []*Server { return append([]*Server(nil), c.nodes...) }

// Addrs returns the addresses of all nodes.
func (c *ClusterServers) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = n.addr
	}
	return addrs
}

// Client returns a new client of the cluster, closed at the test's end. Each tweak may change the options.
func (c *ClusterServers) Client(tb testing.TB, tweak ...func(*redis.UniversalOptions)) *redis.ClusterClient {
	tb.Helper()
	rdb := redis.NewClusterClient(options(tweak, c.Addrs()...).Cluster())
	tb.Cleanup(func() { _ = rdb.Close() }) // a test may have closed it already
	return rdb
}

// launchCluster starts the nodes, joins them and waits until a client can write to each.
func launchCluster(path string) (_ *ClusterServers, err error) {
	c := &ClusterServers{nodes: make([]*Server, primaries)}
	defer func() {
		if err != nil {
			for _, n := range c.nodes {
				if n != nil {
					n.Stop()
				}
			}
		}
	}()
	errs := make([]error, primaries)
	var wg sync.WaitGroup
	for i := range primaries {
		wg.Go(func() {
			// The timeout is far above any hiccup of a loaded machine, so that no node is ever taken for dead by mistake.
			c.nodes[i], errs[i] = launch(path, []string{"--cluster-enabled", "yes", "--cluster-node-timeout", "15000"})
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	ctx, cancel := background()
	defer cancel()
	if err := c.join(ctx); err != nil {
		return nil, fmt.Errorf("cluster: %w\n%s", err, c.nodes[0].log())
	}
	return c, nil
}

// join gives each node its share of the slots, introduces all to all, and waits.
func (c *ClusterServers) join(ctx context.Context) error {
	for i, n := range c.nodes {
		rdb := redis.NewClient(options(nil, n.addr).Simple())
		defer rdb.Close()
		// Different epochs from the start save the nodes from settling the collision themselves, as redis-cli --cluster does.
		if err := rdb.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return err
		}
		if err := rdb.ClusterAddSlotsRange(ctx, i*slots/primaries, (i+1)*slots/primaries-1).Err(); err != nil {
			return err
		}
		for _, other := range c.nodes {
			if other == n {
				continue
			}
			host, port, _ := strings.Cut(other.addr, ":")
			if err := rdb.ClusterMeet(ctx, host, port).Err(); err != nil {
				return err
			}
		}
	}
	for _, n := range c.nodes {
		rdb := redis.NewClient(options(nil, n.addr).Simple())
		defer rdb.Close()
		if err := until(ctx, func() error { return isWhole(ctx, rdb) }); err != nil {
			return fmt.Errorf("%s: %w", n.addr, err)
		}
	}
	rdb := redis.NewClusterClient(options(nil, c.Addrs()...).Cluster())
	defer rdb.Close()
	return until(ctx, func() error { return writable(ctx, rdb) })
}

// isWhole says what one node still lacks.
func isWhole(ctx context.Context, rdb *redis.Client) error {
	info, err := rdb.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	fields := infoFields(info)
	for field, want := range map[string]string{
		"cluster_state": "ok", "cluster_slots_ok": "16384", "cluster_known_nodes": "3", "cluster_size": "3",
	} {
		if fields[field] != want {
			return fmt.Errorf("%s is %q, want %s", field, fields[field], want)
		}
	}
	return nil
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

// until repeats try until it succeeds or ctx ends, and then returns its last error.
func until(ctx context.Context, try func() error) error {
	poll := time.NewTicker(5 * pollEvery)
	defer poll.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-poll.C:
		}
	}
}
