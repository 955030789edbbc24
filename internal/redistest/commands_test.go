package redistest

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

type counts = map[string]int

// touch calls two commands, so one command on the wire is three on the server.
var touch = redis.NewScript(
	`redis.call('PEXPIRE', KEYS[1], 60000); return redis.call('GET', KEYS[1])`)

func TestCounting(t *testing.T) {
	Each(t, func(t *testing.T, b *Backend) {
		ctx, name := t.Context(), b.Name()
		key := name + ":k"
		rdb := b.Client
		if err := rdb.ScriptLoad(ctx, `return 'another script'`).Err(); err != nil {
			t.Fatal(err)
		}
		if err := touch.Load(ctx, rdb).Err(); err != nil {
			t.Fatal(err)
		}
		three := nodeKeys(t, rdb, name)
		tests := []struct {
			name          string
			do            func() error
			server, wire  counts
			trips, onNode int // round trips to one server, and to a cluster where they differ
		}{
			{"nothing", func() error { return nil }, counts{}, counts{}, 0, 0},
			{"one command", func() error {
				return rdb.Set(ctx, key, "v", time.Minute).Err()
			}, counts{"set": 1}, counts{"set": 1}, 1, 1},
			{"script", func() error { return touch.Run(ctx, rdb, []string{key}).Err() },
				counts{"evalsha": 1, "pexpire": 1, "get": 1}, counts{"evalsha": 1}, 1, 1},
			{"pipeline to one node", func() error {
				_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
					p.GetEx(ctx, key, time.Minute)
					p.GetEx(ctx, key, time.Minute)
					p.PTTL(ctx, key)
					return nil
				})
				return err
			}, counts{"getex": 2, "pttl": 1}, counts{"getex": 2, "pttl": 1}, 1, 1},
			{"pipeline to three nodes", func() error {
				_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
					for _, k := range three {
						p.Unlink(ctx, k)
						p.Unlink(ctx, k)
					}
					return nil
				})
				return err
			}, counts{"unlink": 6}, counts{"unlink": 6}, 1, 3},
			{"transaction", func() error {
				_, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
					p.PTTL(ctx, key)
					return nil
				})
				return err
			}, counts{"multi": 1, "pttl": 1, "exec": 1}, counts{
				"multi": 1, "pttl": 1, "exec": 1}, 1, 1},
		}
		w := Wire(t, rdb)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				w.Reset()
				server := Commands(t, rdb, func() {
					if err := tt.do(); err != nil {
						t.Error(err)
					}
				})
				if !maps.Equal(server, tt.server) {
					t.Errorf("Commands = %v, want %v", server, tt.server)
				}
				if got := w.Commands(); !maps.Equal(got, tt.wire) {
					t.Errorf("Wire: commands = %v, want %v", got, tt.wire)
				}
				want := tt.trips
				if b.Kind == "cluster" {
					want = tt.onNode
				}
				if got := w.RoundTrips(); got != want {
					t.Errorf("Wire: round trips = %d, want %d", got, want)
				}
			})
		}
	})
}

// TestCountingFreshClient checks that what a client sends to connect, and to learn a cluster's
// layout, is not counted.
func TestCountingFreshClient(t *testing.T) {
	Each(t, func(t *testing.T, b *Backend) {
		key := b.Name() + ":k"
		fresh := b.NewClient(t)
		w := Wire(t, fresh)
		server := Commands(t, b.Client, func() {
			if err := fresh.Set(t.Context(), key, "v", time.Minute).Err(); err != nil {
				t.Error(err)
			}
		})
		want := counts{"set": 1}
		if !maps.Equal(server, want) || !maps.Equal(w.Commands(), want) || w.RoundTrips() != 1 {
			t.Errorf("Commands = %v, Wire = %v in %d round trips, want %v in one", server,
				w.Commands(), w.RoundTrips(), want)
		}
	})
}

// TestWireSeesRedirect sends a command to a node that answers MOVED.
func TestWireSeesRedirect(t *testing.T) {
	c := Cluster(t)
	name := UniqueName(t)
	right := c.Client(t)
	CheckKeys(t, right, name)
	keys := nodeKeys(t, right, name)
	o := options(nil, c.Addrs()[0]).Cluster()
	// a layout that is out of date
	o.ClusterSlots = func(context.Context) ([]redis.ClusterSlot, error) {
		return []redis.ClusterSlot{{Start: 0, End: slots - 1,
			Nodes: []redis.ClusterNode{{Addr: c.Addrs()[0]}}}}, nil
	}
	wrong := redis.NewClusterClient(o)
	defer wrong.Close()
	w := Wire(t, wrong)
	for _, key := range keys {
		if err := wrong.Set(t.Context(), key, "v", time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.Commands()["set"]; got != 5 || w.RoundTrips() != 5 {
		t.Errorf("three SETs, two of them redirected: %d commands in %d round trips, want 5", got,
			w.RoundTrips())
	}
}

func TestWireConcurrent(t *testing.T) {
	Each(t, func(t *testing.T, b *Backend) {
		w := Wire(t, b.Client)
		done := make(chan error)
		const n = 20
		for range n {
			go func() { done <- b.Client.Exists(t.Context(), "k").Err() }()
		}
		for range n {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got := w.Commands()["exists"]; got != n || w.RoundTrips() != n {
			t.Errorf("%d commands in %d round trips, want %d", got, w.RoundTrips(), n)
		}
	})
}

// nodeKeys returns three keys, on a cluster one for each primary.
func nodeKeys(t *testing.T, rdb redis.UniversalClient, name string) (keys []string) {
	t.Helper()
	taken := map[string]bool{}
	for i := 0; len(keys) < 3; i++ {
		key := fmt.Sprintf("%s:node-%d", name, i)
		if c, ok := rdb.(*redis.ClusterClient); ok {
			node, err := c.MasterForKey(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			if taken[node.Options().Addr] {
				continue
			}
			taken[node.Options().Addr] = true
		}
		keys = append(keys, key)
	}
	return keys
}
