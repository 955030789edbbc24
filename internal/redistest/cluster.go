package redistest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	primaries = 3
	slots     = 16384
)

// ClusterServers are the nodes of one Redis Cluster of three primaries. Safe for concurrent use.
type ClusterServers struct {
	nodes     []*Server // the primaries, then a replica of each, if they have any
	primaries int
}

// neverDead is a timeout far above any pause of a busy machine, so that no server is taken for dead
// by mistake.
const neverDead = 15 * time.Second

// joining is the node timeout while a cluster forms. No node may take an absentee for dead then.
const joining = time.Minute

// Cluster returns the cluster that all tests of the binary share, which has no replicas. The first
// call starts it, which takes 0.3 s, and [Main] stops it.
func Cluster(tb testing.TB) *ClusterServers {
	tb.Helper()
	path := binary(tb)
	c, err := cluster.get(func() (*ClusterServers, error) {
		return launchCluster(path, primaries, 0, neverDead)
	})
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

// StartCluster starts a cluster for this test and stops it at the test's end. It has three
// primaries, each with the given number of replicas. A node that is silent for the timeout
// (cluster-node-timeout) is taken for dead, and one of its replicas becomes the primary 1 to 2 s
// later. StartCluster takes 0.3 s without replicas and 1 s with them.
func StartCluster(tb testing.TB, replicas int, timeout time.Duration) *ClusterServers {
	tb.Helper()
	path := binary(tb)
	c, err := launchCluster(path, primaries, replicas, timeout)
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	tb.Cleanup(func() { stopAll(c.nodes) })
	return c
}

// Nodes returns the servers: the primaries in the order of their slots, then the replicas in the
// same order, as they were at the start.
func (c *ClusterServers) Nodes() []*Server { return slices.Clone(c.nodes) }

// Addrs returns the addresses of all nodes.
func (c *ClusterServers) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = n.addr
	}
	return addrs
}

// Client returns a new client of the cluster, closed at the test's end. Each tweak may change the
// options.
func (c *ClusterServers) Client(
	tb testing.TB, tweak ...func(*redis.UniversalOptions),
) *redis.ClusterClient {
	tb.Helper()
	rdb := redis.NewClusterClient(options(tweak, c.Addrs()...).Cluster())
	tb.Cleanup(func() { _ = rdb.Close() }) // a test may have closed it already
	return rdb
}

// StartClusterOfOne starts a cluster of one node for this test, and stops it at the test's end.
func StartClusterOfOne(tb testing.TB) *Server {
	tb.Helper()
	c, err := launchCluster(binary(tb), 1, 0, neverDead)
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	tb.Cleanup(c.nodes[0].Stop)
	return c.nodes[0]
}

// clusterArgs are the directives of a node.
func clusterArgs(timeout time.Duration) []string {
	return []string{
		"--cluster-enabled", "yes",
		"--cluster-node-timeout", strconv.FormatInt(timeout.Milliseconds(), 10),
		"--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0",
		"--repl-ping-replica-period", "1",
	}
}

// launchCluster starts the nodes, joins them and waits until a client can write to each primary.
func launchCluster(
	path string, primaries, replicas int, timeout time.Duration,
) (*ClusterServers, error) {
	absent, err := newAbsentees(primaries)
	if err != nil {
		return nil, err
	}
	defer absent.silent.Close()
	shards, err := haveShards(path)
	if err != nil {
		return nil, err
	}
	var sets []setup
	for i := range primaries * (1 + replicas) {
		set := setup{path: path, args: clusterArgs(joining)}
		if i < primaries {
			set.files = map[string]string{"nodes.conf": absent.conf(i, shards)}
		}
		sets = append(sets, set)
	}
	nodes, err := launchAll(sets)
	if err != nil {
		return nil, err
	}
	c := &ClusterServers{nodes, primaries}
	ctx, cancel := background()
	defer cancel()
	if err := c.join(ctx, absent, timeout); err != nil {
		defer stopAll(nodes)
		return nil, fmt.Errorf("cluster: %w", nodes[0].failed(err))
	}
	return c, nil
}
