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

// dialer is the Dialer of go-redis' options.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// blackHole is the dialer of a host that drops what it is sent.
func blackHole(ctx context.Context, _, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // go-redis also dials without one
	defer cancel()
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
}

// silence is the dialer of a process that stands still: its kernel accepts connections.
func silence(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, server) }()
	return client, nil
}

// seeds are addresses for which go-redis asks no DNS.
func seeds(n int) (addrs []string) {
	for i := range n {
		addrs = append(addrs, fmt.Sprintf("127.0.0.1:%d", 6379+i))
	}
	return addrs
}

// dialled returns the client that the Config makes, but for the way to dial.
func dialled(t *testing.T, cfg cache.Config, dial dialer) redis.UniversalClient {
	t.Helper()
	o := cfg.UniversalOptions()
	var rdb redis.UniversalClient
	if o.IsClusterMode && cfg.MasterName == "" {
		cluster := cfg.Client().(*redis.ClusterClient)
		cluster.OnNewNode(func(node *redis.Client) { node.AddHook(dialHook{dial}) })
		rdb = cluster
	} else { // Sentinels are dialled behind the hooks of the client
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

// Without a deadline, commands end soon by the client that a Config makes, whatever does not
// answer. The clock is that of a bubble, so how long they take depends on nothing but settings: two
// timeouts of 900 ms, and some ten milliseconds between attempts.
func TestFailsFast(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg   cache.Config
		dials int64 // of one command, where they are refused
	}{
		"one server":         {cache.Config{Host: "127.0.0.1"}, 2},
		"cluster of 6 seeds": {cache.Config{Addrs: seeds(6)}, 6},
		"cluster, nearest":   {cache.Config{Addrs: seeds(2), ReadFrom: cache.ReadNearest}, 2},
		// Two attempts of the client have two attempts of each Sentinel's client in them.
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

// faults are the dialers of what does not answer.
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

// What no fault above needs: a pool that is full, and a cluster that keeps redirecting.
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
