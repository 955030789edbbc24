package cache_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
)

// dialer has the type of go-redis' Options.Dialer.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// blackHole is the dialer of a host that drops all packets.
func blackHole(ctx context.Context, _, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // go-redis may set no deadline
	defer cancel()
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
}

// silence is the dialer of a stopped process: its kernel accepts connections, and nothing answers.
func silence(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, server) }()
	return client, nil
}

// seeds returns n addresses that need no DNS.
func seeds(n int) (addrs []string) {
	for i := range n {
		addrs = append(addrs, fmt.Sprintf("127.0.0.1:%d", 6379+i))
	}
	return addrs
}

// dialled returns the client that the Config makes, with another dialer.
func dialled(t *testing.T, cfg cache.Config, dial dialer) redis.UniversalClient {
	t.Helper()
	o := cfg.UniversalOptions()
	var rdb redis.UniversalClient
	if o.IsClusterMode && cfg.MasterName == "" {
		cluster := cfg.Client().(*redis.ClusterClient)
		cluster.OnNewNode(func(node *redis.Client) { node.AddHook(dialHook{dial}) })
		rdb = cluster
	} else { // hooks of the client do not see its dials to Sentinels
		o.Dialer = dial
		rdb = redis.NewUniversalClient(o)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

type dialHook struct{ dial dialer }

func (h dialHook) DialHook(redis.DialHook) redis.DialHook { return redis.DialHook(h.dial) }

func (h dialHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (h dialHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Without a deadline, the client of a Config ends commands soon, whichever server does not answer.
// The clock is that of a synctest bubble, so the time depends on settings only: two timeouts of 900
// ms, and some 10 ms between attempts.
func TestFailsFast(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg   cache.Config
		dials int64 // of one command, if dials are refused
	}{
		"one server":         {cache.Config{Host: "127.0.0.1"}, 2},
		"cluster of 6 seeds": {cache.Config{Addrs: seeds(6)}, 6},
		"cluster, nearest":   {cache.Config{Addrs: seeds(2), ReadFrom: cache.ReadNearest}, 2},
		// The client tries twice, and each time the client of each Sentinel tries twice.
		"Sentinels": {cache.Config{Addrs: seeds(3), MasterName: "primary"}, 12},
		"Sentinels, replica": {cache.Config{Addrs: seeds(3), MasterName: "primary",
			ReadFrom: cache.ReadReplica}, 6},
		"Sentinels, nearest": {cache.Config{Addrs: seeds(3), MasterName: "primary",
			ReadFrom: cache.ReadNearest}, 6},
	} {
		for fault, limit := range map[string]time.Duration{
			"refused": 100 * time.Millisecond, "black hole": 2 * time.Second,
			"silence": 2 * time.Second,
		} {
			t.Run(name+", "+fault, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					t.Cleanup(func() { time.Sleep(time.Minute) }) // dials outlive their client
					var dials atomic.Int64
					rdb := dialled(t, tt.cfg, countDials(&dials, faults[fault]))
					for command, do := range map[string]func(context.Context) error{
						"Get": func(ctx context.Context) error { return rdb.Get(ctx, "a").Err() },
						"a pipeline": func(ctx context.Context) error {
							_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
								p.Get(ctx, "a")
								p.Get(ctx, "b")
								return nil
							})
							return err
						},
					} {
						dials.Store(0)
						begun := time.Now()
						err := do(context.Background())
						if took := time.Since(begun); err == nil || took > limit {
							t.Errorf("%s: %v after %v, want an error within %v", command, err,
								took, limit)
						}
						if n := dials.Load(); fault == "refused" && n != tt.dials {
							t.Errorf("%s dials %d times, want %d", command, n, tt.dials)
						}
					}
				})
			})
		}
	}
}

// faults are the dialers of servers that do not answer.
var faults = map[string]dialer{
	"refused": func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	},
	"black hole": blackHole,
	"silence":    silence,
}

func countDials(n *atomic.Int64, dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		n.Add(1)
		return dial(ctx, network, addr)
	}
}

// Settings that no fault above reaches: a full pool, and a cluster that keeps redirecting.
func TestPatientSettings(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg       cache.Config
		redirects int
	}{
		"one server": {cache.Config{}, 0},
		"cluster":    {cache.Config{Addrs: seeds(2)}, 2},
	} {
		o := tt.cfg.UniversalOptions()
		if o.PoolTimeout != 900*time.Millisecond || o.WriteTimeout != 900*time.Millisecond ||
			o.MaxRedirects != tt.redirects {
			t.Errorf("%s: timeouts of %v and %v, %d redirections", name, o.PoolTimeout,
				o.WriteTimeout, o.MaxRedirects)
		}
	}
}
