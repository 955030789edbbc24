package cache

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience is the default of the timeouts. A command of a cluster is tried three times: with this
// default, all attempts end within 3 s.
const patience = 900 * time.Millisecond

// Client returns a client for the server, the Sentinels or the cluster that the Config names. The
// client connects at its first use and obeys the deadlines of contexts. The caller closes it.
//
// The client fails fast, also without a deadline. If the server refuses the connection, an
// operation ends within 100 ms. If nothing answers, it ends within 3 s. The settings for this are:
//
//   - timeouts of 900 ms
//   - two attempts per command, and three in a cluster, because of its redirections
//   - one budget of two timeouts for all Addrs of a cluster
//
// Longer timeouts in the Config make these times longer.
//
// To find a cluster, the client asks the Addrs one after another, in a random order. Each address
// gets an equal part of the budget, such as 300 ms for each of six. A request that takes longer
// goes on in the background, for up to two timeouts, and a late answer still counts. So:
//
//   - If all nodes connect and answer within 1.8 s, the first operation finds the cluster.
//   - If some nodes do not answer, the first operation may fail. The next one finds the cluster.
//   - The operation that finds the cluster may take up to 3 s, even with a shorter deadline.
//     go-redis then asks for the list of commands, and may ask a node that does not answer.
//   - An answer with loopback addresses or port 0 counts only for the address that gave it. It may
//     take a second operation to find such a cluster.
//
// To make the client, go-redis resolves the name of a single server. That may take up to 2 s if DNS
// does not answer.
//
// Except for the search for a cluster, the client is that of redis.NewUniversalClient with the
// options of [Config.UniversalOptions].
func (c Config) Client() redis.UniversalClient {
	o := c.UniversalOptions()
	rdb := redis.NewUniversalClient(o)
	if cluster, ok := rdb.(*redis.ClusterClient); ok && c.cluster() {
		whole := max(o.DialTimeout, 0) + max(o.ReadTimeout, 0)
		d := &discovery{turn: whole / time.Duration(len(o.Addrs)), request: whole,
			waiting: map[chan slots]*seed{}}
		if o.ReadTimeout > 0 { // otherwise the caller has turned timeouts off
			cluster.OnNewNode(func(node *redis.Client) { node.AddHook(&seed{discovery: d}) })
		}
	}
	return rdb
}

func (c Config) cluster() bool { return len(c.Addrs) > 0 && c.MasterName == "" }

func (c Config) socket() bool { return strings.HasPrefix(c.Host, "/") }

// UniversalOptions returns new options: those that [Config.Client] makes its client with. The
// caller may change them. They hold the passwords.
func (c Config) UniversalOptions() *redis.UniversalOptions {
	o := &redis.UniversalOptions{}
	if c.more != nil {
		*o = *c.more
	}
	o.MasterName, o.IsClusterMode, o.DB = c.MasterName, c.cluster(), c.DB
	o.Username, o.Password = c.Username, c.Password.Reveal()
	o.SentinelUsername, o.SentinelPassword = c.SentinelUsername, c.SentinelPassword.Reveal()
	o.ClientName, o.PoolSize = c.ClientName, c.PoolSize
	switch {
	case len(c.Addrs) > 0:
		o.Addrs = append(o.Addrs, c.Addrs...)
	case c.socket():
		o.Addrs = []string{c.Host} // go-redis takes a path for a unix socket
	default:
		o.Addrs = []string{net.JoinHostPort(cmp.Or(c.Host, "localhost"),
			strconv.Itoa(cmp.Or(c.Port, 6379)))}
	}
	if c.PasswordFile != "" {
		o.Password = ""
		o.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := passwordIn(c.PasswordFile)
			if err != nil {
				err = fmt.Errorf("rediscache: Config.PasswordFile %w", err)
			}
			return c.Username, password, err
		}
	}
	o.TLSConfig = c.tlsConfig()
	switch c.ReadFrom {
	case ReadReplica:
		// Also with Sentinels: their plain client would send writes to a replica too.
		o.ReadOnly, o.IsClusterMode = true, len(c.Addrs) > 0
	case ReadNearest:
		o.RouteByLatency = true
	}
	c.failFast(o)
	return o
}

// failFast sets the timeouts and retries that REDIS_URL has not set.
func (c Config) failFast(o *redis.UniversalOptions) {
	o.ContextTimeoutEnabled = true
	o.DialTimeout = cmp.Or(c.DialTimeout, patience)
	o.ReadTimeout = cmp.Or(c.ReadTimeout, patience)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, o.ReadTimeout)
	o.PoolTimeout = cmp.Or(o.PoolTimeout, o.DialTimeout)
	o.DialerRetries = cmp.Or(o.DialerRetries, 1) // the first attempt counts too
	if c.cluster() {
		// Each attempt of a cluster's command would include retries of its node's client. Two
		// redirections are enough for a MOVED to a new primary after a broken connection.
		o.MaxRetries, o.MaxRedirects = cmp.Or(o.MaxRetries, -1), cmp.Or(o.MaxRedirects, 2)
	} else {
		o.MaxRetries = cmp.Or(o.MaxRetries, 1)
	}
	// With a pool for pipelines, go-redis tries that pool first and then that of commands, and
	// waits for both.
	o.PipelinePoolSize = cmp.Or(o.PipelinePoolSize, -1)
}
