package wire

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// If a server of a cluster does not answer, its keys fail and no others. That holds for all
// deadlines, and for reads, writes and scripts. A rider for that server delays nobody.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 0, time.Minute)
	// A command that ignores its deadline waits for a minute, and the test fails.
	rdb := cluster.Client(t, func(o *redis.UniversalOptions) { o.ReadTimeout = time.Minute })
	c := newClient(t, rdb, false)
	keys := make([]string, 60)
	for i := range keys {
		keys[i] = fmt.Sprint("k", i)
	}
	send := func(ctx context.Context, newCmd func(key string) redis.Cmder) (failed []string) {
		cmds := make([]redis.Cmder, len(keys))
		for i, key := range keys {
			cmds[i] = newCmd(key)
		}
		c.Batch(ctx, keys, cmds)
		for i, cmd := range cmds {
			if cmd.Err() != nil && cmd.Err() != redis.Nil {
				failed = append(failed, keys[i])
			}
		}
		return failed
	}
	all := map[string]func(key string) redis.Cmder{
		"SET": func(key string) redis.Cmder {
			return redis.NewStatusCmd(t.Context(), "set", key, "v", "px", 600000)
		},
		"GET": func(key string) redis.Cmder {
			return redis.NewStringCmd(t.Context(), "get", key)
		},
		"EVALSHA": func(key string) redis.Cmder {
			return redis.NewCmd(t.Context(), echoScript.Args(key, 1)...)
		},
		"UNLINK": func(key string) redis.Cmder {
			return redis.NewIntCmd(t.Context(), "unlink", key)
		},
	}
	for name, newCmd := range all {
		if failed := send(t.Context(), newCmd); len(failed) > 0 {
			t.Fatalf("%s of %v fails on a healthy cluster", name, failed)
		}
	}
	silent, err := rdb.MasterForKey(t.Context(), keys[0])
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for _, key := range keys {
		if owner, err := rdb.MasterForKey(t.Context(), key); err == nil && owner == silent {
			own = append(own, key)
		}
	}
	for _, node := range cluster.Nodes() {
		if node.Addr() == silent.Options().Addr {
			node.Pause(t)
		}
	}
	limits := []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, 2 * time.Second}
	if testing.Short() {
		limits = limits[:1]
	}
	t.Run("batches", func(t *testing.T) {
		for _, limit := range limits {
			for name, newCmd := range all {
				t.Run(fmt.Sprint(name, " ", limit), func(t *testing.T) {
					t.Parallel()
					for try := 1; ; try++ { // on a busy machine, a healthy server may be late
						ctx, cancel := context.WithTimeout(t.Context(), limit)
						begun := time.Now()
						failed := send(ctx, newCmd)
						took := time.Since(begun)
						cancel()
						t.Logf("took %v", took)
						// It is limit + 50 ms on an idle machine.
						if took > limit+10*time.Second {
							t.Errorf("took %v", took)
						}
						if slices.Equal(failed, own) {
							return
						}
						if try == 5 {
							t.Fatalf("fails for %d keys, the silent server has %d", len(failed),
								len(own))
						}
					}
				})
			}
		}
	})
	// A rider.
	healthy := keys[slices.IndexFunc(keys, func(k string) bool { return !slices.Contains(own, k) })]
	ended := make(chan Rider, 1)
	cmds := []redis.Cmder{redis.NewStringCmd(t.Context(), "get", healthy)}
	begun := time.Now()
	c.BatchWith(t.Context(), []string{healthy}, cmds, []Rider{{
		Key: own[0], Cmd: redis.NewStringCmd(t.Context(), "get", own[0]), Done: func(r Rider) {
			ended <- r
		},
	}})
	if took := time.Since(begun); took > detachLimit/2 || cmds[0].Err() != nil &&
		cmds[0].Err() != redis.Nil {
		t.Errorf("a command with a rider for the silent server: %v after %v", cmds[0].Err(), took)
	}
	if r := <-ended; r.Cmd.Err() == nil || !r.Alone {
		t.Errorf("the rider: %v, alone %v", r.Cmd.Err(), r.Alone)
	}
}

// A rider goes in the pipeline of its server, before the commands.
func TestRiders(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		if b.Kind == "cluster" {
			t.Skip("riders are sent separately")
		}
		c := newClient(t, b.Client, false)
		name := b.Name()
		ended := make(chan Rider, 1)
		cmds := []redis.Cmder{redis.NewStringCmd(t.Context(), "getex", name+":a", "px", 60000)}
		wire := redistest.Wire(t, b.Client)
		c.BatchWith(t.Context(), []string{name + ":a"}, cmds, []Rider{{
			Key:  name + ":a",
			Cmd:  redis.NewStatusCmd(t.Context(), "set", name+":a", "rider", "px", 60000),
			Done: func(r Rider) { ended <- r },
		}})
		if got := cmds[0].(*redis.StringCmd).Val(); got != "rider" {
			t.Errorf("the command finds %q, %v", got, cmds[0].Err())
		}
		if r := <-ended; r.Cmd.Err() != nil || r.Alone {
			t.Errorf("the rider: %v, alone %v", r.Cmd.Err(), r.Alone)
		}
		if n := wire.RoundTrips(); n != 1 {
			t.Errorf("%d round trips", n)
		}
	})
}

// Reads through Primaries ask the primary, even if the client reads from replicas.
func TestPrimaries(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 1, time.Minute)
	for name, route := range map[string]func(*redis.UniversalOptions){
		"ReadOnly":       func(o *redis.UniversalOptions) { o.ReadOnly = true },
		"RouteByLatency": func(o *redis.UniversalOptions) { o.RouteByLatency = true },
		"RouteRandomly":  func(o *redis.UniversalOptions) { o.RouteRandomly = true },
	} {
		t.Run(name, func(t *testing.T) {
			if redistest.Race && name == "RouteByLatency" {
				t.Skip("go-redis races with itself")
			}
			rdb := cluster.Client(t, route)
			c := newClient(t, rdb, false)
			count := func() int64 {
				var reads atomic.Int64 // atomic: each replica has its own goroutine
				err := rdb.ForEachSlave(t.Context(), func(
					ctx context.Context, replica *redis.Client,
				) error {
					stats, err := replica.Info(ctx, "commandstats").Result()
					if err != nil {
						return err
					}
					for _, name := range []string{"cmdstat_type:calls=", "cmdstat_pttl:calls="} {
						var n int64
						if _, after, found := strings.Cut(stats, name); found {
							_, _ = fmt.Sscanf(after, "%d", &n)
						}
						reads.Add(n)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				return reads.Load()
			}
			before := count()
			keys, cmds := make([]string, 60), make([]redis.Cmder, 60)
			for i := range cmds {
				keys[i] = fmt.Sprint("k", i)
				cmds[i] = redis.NewStatusCmd(t.Context(), "type", keys[i])
			}
			c.Primaries().Batch(t.Context(), keys, cmds)
			for i, cmd := range cmds {
				if status, ok := cmd.(*redis.StatusCmd); !ok || status.Err() != nil {
					t.Fatalf("TYPE %d: %T, %v", i, cmd, cmd.Err())
				}
			}
			one := c.Primaries().Do(t.Context(), "k",
				redis.NewIntCmd(t.Context(), "pttl", "k")).(*redis.IntCmd)
			if one.Err() != nil || one.Val() != -2 {
				t.Errorf("PTTL = %v, %v", one.Val(), one.Err())
			}
			if n := count() - before; n != 0 {
				t.Errorf("replicas answered %d commands", n)
			}
		})
	}
}

// New accepts the clients of go-redis and types that embed them, and no others.
func TestClients(t *testing.T) {
	single, cluster := redis.NewClient(&redis.Options{}),
		redis.NewClusterClient(&redis.ClusterOptions{})
	ring := redis.NewRing(&redis.RingOptions{})
	piper, err := single.AutoPipeline()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []interface{ Close() error }{single, cluster, ring, piper} {
		defer c.Close()
	}
	for i, tt := range []struct {
		rdb   redis.UniversalClient
		taken bool
	}{
		{single, true}, {cluster, true}, {ring, true},
		{struct{ *redis.Client }{single}, true},
		{struct{ *redis.ClusterClient }{cluster}, true},
		{piper, false},
		{struct{ redis.UniversalClient }{single}, false},
	} {
		_, err := New(tt.rdb, false)
		if (err == nil) != tt.taken {
			t.Errorf("client %d, a %T: %v", i, tt.rdb, err)
		}
	}
}
