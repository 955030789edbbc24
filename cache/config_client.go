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

// patience is the default of the timeouts. A command of a cluster is tried three times: with this,
// all of them end within 3 s.
const patience = 900 * time.Millisecond

// Client returns a client for the server, the Sentinels or the cluster that the Config names. It
// connects when it is first used, obeys the deadline of a context, and is the caller's to close.
//
// It fails fast. Without a deadline, an operation ends after some ten milliseconds where the
// connection is refused, and within 3 s where nothing answers. For that, timeouts are 900 ms, a
// command is tried twice (three times in a cluster, for its redirections), and the Addrs of a
// cluster share the time of two timeouts. Longer timeouts make that longer.
//
// To find a cluster, the client asks one of the Addrs after another, in a random order. Each has an
// equal share of the time: 300 ms of six. A request may last for the time of two timeouts. So it
// goes on in the background, and a late answer counts while another address is asked. A cluster is
// found by the first operation if all of its nodes connect and answer within 1.8 s. Where some do
// not answer at all, that operation may fail, and the next one finds the cluster. The one that
// finds it may then take up to 3 s, whatever its deadline: go-redis asks for the commands of the
// servers, and not always one that answers. An answer with loopback addresses or port 0 counts for
// its own address only, so it may take a second operation.
//
// It is redis.NewUniversalClient of UniversalOptions, but for the way to find a cluster.
func (c Config) Client() redis.UniversalClient {
	o := c.UniversalOptions()
	rdb := redis.NewUniversalClient(o)
	if cluster, ok := rdb.(*redis.ClusterClient); ok && c.cluster() {
		whole := max(o.DialTimeout, 0) + max(o.ReadTimeout, 0)
		d := &discovery{turn: whole / time.Duration(len(o.Addrs)), request: whole,
			waiting: map[chan slots]*seed{}}
		if o.ReadTimeout > 0 { // or else the caller has turned timeouts off
			cluster.OnNewNode(func(node *redis.Client) { node.AddHook(&seed{discovery: d}) })
		}
	}
	return rdb
}

func (c Config) cluster() bool { return len(c.Addrs) > 0 && c.MasterName == "" }

func (c Config) socket() bool { return strings.HasPrefix(c.Host, "/") }

// UniversalOptions returns what Client makes its client of, to change. The caller owns them. They
// hold the passwords.
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
		// With Sentinels too: their plain client would send writes to a replica as well.
		o.ReadOnly, o.IsClusterMode = true, len(c.Addrs) > 0
	case ReadNearest:
		o.RouteByLatency = true
	}
	c.failFast(o)
	return o
}

// failFast sets what REDIS_URL has not.
func (c Config) failFast(o *redis.UniversalOptions) {
	o.ContextTimeoutEnabled = true
	o.DialTimeout = cmp.Or(c.DialTimeout, patience)
	o.ReadTimeout = cmp.Or(c.ReadTimeout, patience)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, o.ReadTimeout)
	o.PoolTimeout = cmp.Or(o.PoolTimeout, o.DialTimeout)
	o.DialerRetries = cmp.Or(o.DialerRetries, 1) // attempts, in fact: commands are retried
	if c.cluster() {
		// Each attempt of a cluster's command would have retries of its node's client in it. Two
		// redirections are MOVED to a new primary after a connection that broke.
		o.MaxRetries, o.MaxRedirects = cmp.Or(o.MaxRetries, -1), cmp.Or(o.MaxRedirects, 2)
	} else {
		o.MaxRetries = cmp.Or(o.MaxRetries, 1)
	}
	// go-redis tries the pool of pipelines first and then that of commands, and waits for both.
	o.PipelinePoolSize = cmp.Or(o.PipelinePoolSize, -1)
}
