package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	watched   = "primary" // what the Sentinels call the servers that they watch
	quorum    = 2
	replicas  = 2
	sentinels = 3
)

// SentinelServers are a primary with two replicas and three Sentinels that watch them. Safe for
// concurrent use.
type SentinelServers struct {
	data      []*Server // the first primary, then its replicas
	sentinels []*Server
}

// Sentinel returns the Sentinels and their servers that all tests of the binary share. The first
// call starts them, which takes about 3 s, and [Main] stops them. Most of that time passes until
// the Sentinels know each other.
func Sentinel(tb testing.TB) *SentinelServers {
	tb.Helper()
	path := binary(tb)
	g, err := sentinel.get(func() (*SentinelServers, error) {
		return launchSentinel(path, neverDead)
	})
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	for _, s := range slices.Concat(g.data, g.sentinels) {
		s.mustRun(tb)
	}
	return g
}

var sentinel lazy[*SentinelServers]

// StartSentinel starts a group for this test and stops it at the test's end. A primary that is
// silent for the timeout (down-after-milliseconds) is taken for dead, and a replica is promoted 1
// to 2 s later.
func StartSentinel(tb testing.TB, timeout time.Duration) *SentinelServers {
	tb.Helper()
	g, err := launchSentinel(binary(tb), timeout)
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	tb.Cleanup(g.stop)
	return g
}

// Client returns a new client of the current primary, closed at the test's end. Each tweak may
// change the options.
func (g *SentinelServers) Client(
	tb testing.TB, tweak ...func(*redis.UniversalOptions),
) *redis.Client {
	tb.Helper()
	rdb := g.dial(tweak...)
	tb.Cleanup(func() { _ = rdb.Close() }) // a test may have closed it already
	return rdb
}

func (g *SentinelServers) dial(tweak ...func(*redis.UniversalOptions)) *redis.Client {
	o := options(nil, g.Addrs()...)
	o.MasterName = watched
	for _, f := range tweak {
		f(o)
	}
	return redis.NewFailoverClient(o.Failover())
}

// Nodes returns the servers that hold data: the primary, then the replicas, as they were at the
// start.
func (g *SentinelServers) Nodes() []*Server { return slices.Clone(g.data) }

// Primary returns the address of the server that all Sentinels name as the primary. It is empty
// while they do not agree.
func (g *SentinelServers) Primary(tb testing.TB) string {
	tb.Helper()
	ctx, cancel := background()
	defer cancel()
	agreed := ""
	for i, s := range g.sentinels {
		rdb := redis.NewSentinelClient(s.options(nil).Simple())
		defer rdb.Close()
		addr, err := rdb.GetMasterAddrByName(ctx, watched).Result()
		if err != nil || len(addr) != 2 {
			tb.Fatalf("redistest: the Sentinel at %s names no primary: %q, %v", s.addr, addr, err)
		}
		if named := net.JoinHostPort(addr[0], addr[1]); i == 0 {
			agreed = named
		} else if named != agreed {
			return ""
		}
	}
	return agreed
}

// Addrs returns the addresses of the Sentinels. They call their primary "primary".
func (g *SentinelServers) Addrs() (addrs []string) {
	for _, s := range g.sentinels {
		addrs = append(addrs, s.addr)
	}
	return addrs
}

func (g *SentinelServers) stop() { stopAll(slices.Concat(g.sentinels, g.data)) }

// launchSentinel starts the servers and then the Sentinels, and waits until each Sentinel knows the
// others.
func launchSentinel(path string, timeout time.Duration) (_ *SentinelServers, err error) {
	g := &SentinelServers{}
	defer func() {
		if err != nil {
			g.stop()
		}
	}()
	args := []string{"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"}
	data := slices.Repeat([]setup{{path: path, args: args}}, 1+replicas)
	if g.data, err = launchAll(data); err != nil {
		return nil, err
	}
	host, port, _ := strings.Cut(g.data[0].addr, ":")
	ctx, cancel := background()
	defer cancel()
	for _, s := range g.data[1:] {
		rdb := redis.NewClient(s.options(nil).Simple())
		defer rdb.Close()
		if err := rdb.ReplicaOf(ctx, host, port).Err(); err != nil {
			return nil, s.failed(err)
		}
		if err := until(ctx, func() error { return isSynced(ctx, rdb) }); err != nil {
			return nil, s.failed(err)
		}
	}
	const conf = "sentinel.conf" // a Sentinel writes down there what it has seen
	watch := setup{
		path: path, args: []string{"--sentinel"}, conf: conf, files: map[string]string{
			conf: fmt.Sprintf(sentinelConf, watched, host, port, quorum, timeout.Milliseconds()),
		},
	}
	if g.sentinels, err = launchAll(slices.Repeat([]setup{watch}, sentinels)); err != nil {
		return nil, err
	}
	for _, s := range g.sentinels {
		if err := until(ctx, func() error { return watchesAll(ctx, s) }); err != nil {
			return nil, s.failed(err)
		}
	}
	return g, nil
}

const sentinelConf = `
sentinel monitor %[1]s %[2]s %[3]s %[4]d
sentinel down-after-milliseconds %[1]s %[5]d
sentinel failover-timeout %[1]s 10000
`

// watchesAll returns what one Sentinel does not know yet.
func watchesAll(ctx context.Context, s *Server) error {
	rdb := redis.NewSentinelClient(s.options(nil).Simple())
	defer rdb.Close()
	state, err := rdb.Master(ctx, watched).Result()
	if err != nil {
		return err
	}
	var errs []error
	for field, want := range map[string]int{"num-slaves": replicas,
		"num-other-sentinels": sentinels - 1} {
		if state[field] != strconv.Itoa(want) {
			errs = append(errs, fmt.Errorf("%s is %q, want %d", field, state[field], want))
		}
	}
	if state["flags"] != "master" {
		errs = append(errs, fmt.Errorf("flags are %q, want master", state["flags"]))
	}
	return errors.Join(errs...)
}
