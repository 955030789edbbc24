package coalesce

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// testQueues returns the queues of a client, as the wire makes them.
func testQueues(rdb redis.UniversalClient) *Queues {
	var owner func(context.Context, string) (*redis.Client, error)
	switch rdb := rdb.(type) {
	case *redis.ClusterClient:
		owner = rdb.MasterForKey
	case *redis.Ring:
		owner = func(_ context.Context, key string) (*redis.Client, error) {
			return rdb.GetShardClientForKey(key)
		}
	}
	return New(direct{rdb}, RetriesOf(rdb), owner)
}

// Queues of servers that are gone are dropped when new servers come.
func TestQueuesOfServersThatHaveGone(t *testing.T) {
	var server *redis.Client
	rdb := redistest.Standalone(t).Client(t)
	qs := New(direct{rdb}, Retries{}, func(context.Context, string) (*redis.Client, error) {
		return server, nil
	})
	qs.unused = 0
	for range 100 {
		server = redis.NewClient(rdb.Options())
		t.Cleanup(func() { server.Close() })
		for range 3 {
			if err := qs.Do(t.Context(), "k",
				redis.NewStringCmd(t.Context(), "get", "k")); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := 0
	qs.each.Range(func(any, any) bool { n++; return true })
	if n > 2 {
		t.Errorf("%d queues, and 99 of 100 servers are gone", n)
	}
}

// All keys of one server have the same queue. Different servers have different queues.
func TestCoalescersPerServer(t *testing.T) {
	t.Parallel()
	cluster := redistest.Cluster(t).Client(t)
	a, b := redistest.Start(t), redistest.Start(t)
	ring := redis.NewRing(
		&redis.RingOptions{Addrs: map[string]string{"a": a.Addr(), "b": b.Addr()}})
	t.Cleanup(func() { ring.Close() })
	dead := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{"127.0.0.1:1"}, MaxRetries: -1, DialerRetries: 1,
	})
	t.Cleanup(func() { dead.Close() })
	for name, tt := range map[string]struct {
		rdb     redis.UniversalClient
		server  func(key string) (*redis.Client, error)
		servers int
		keys    int
	}{
		"cluster": {cluster, func(key string) (*redis.Client, error) {
			return cluster.MasterForKey(t.Context(), key)
		}, 3, 300},
		"ring":    {ring, ring.GetShardClientForKey, 2, 300},
		"client":  {a.Client(t), func(string) (*redis.Client, error) { return nil, nil }, 1, 300},
		"nothing": {dead, func(string) (*redis.Client, error) { return nil, nil }, 1, 2},
	} {
		cs := testQueues(tt.rdb)
		of := map[*redis.Client]*queue{}
		back := map[*queue]*redis.Client{}
		for i := range tt.keys {
			key := fmt.Sprint("c:", i)
			server, err := tt.server(key)
			if err != nil {
				t.Fatal(err)
			}
			c := cs.forKey(t.Context(), key)
			if was, ok := of[server]; ok && was != c {
				t.Fatalf("%s: two queues for one server", name)
			}
			if was, ok := back[c]; ok && was != server {
				t.Fatalf("%s: two servers have one queue", name)
			}
			of[server], back[c] = c, server
			if several := name != "client"; c.shared != several ||
				(c == cs.only) != (tt.servers == 1) {
				t.Fatalf("%s: the queue is shared: %v", name, c.shared)
			}
		}
		if len(of) != tt.servers {
			t.Errorf("%s: %d queues, want %d", name, len(of), tt.servers)
		}
		if err := cs.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A server that does not answer does not delay callers of other servers.
func TestSilentServerDelaysNoOther(t *testing.T) {
	t.Parallel()
	rdb := redistest.Cluster(t).Client(t)
	qs := testQueues(rdb)
	silent, err := rdb.MasterForKey(t.Context(), "c:0")
	if err != nil {
		t.Fatal(err)
	}
	const pause = 30 * time.Second
	if err := silent.Do(t.Context(), "client", "pause", pause.Milliseconds(),
		"write").Err(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var held, others sync.WaitGroup
	var answered atomic.Int64 // of the held commands
	for i := range 200 {
		key := fmt.Sprint("c:", i)
		server, err := rdb.MasterForKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		wg := &others
		if server == silent {
			wg = &held
		}
		wg.Go(func() {
			cmd := redis.NewStatusCmd(t.Context(), "set", key, "v", "px", 60000)
			if err := qs.Do(t.Context(), key, cmd); err != nil || cmd.Err() != nil {
				t.Error(err, cmd.Err())
			}
			if server == silent {
				answered.Add(1)
			}
		})
	}
	others.Wait()
	if took := time.Since(begun); took > pause/2 {
		t.Errorf("commands to servers that answer took %v", took)
	}
	// Close waits for the pipelines to the silent one.
	closed := make(chan error, 1)
	go func() { closed <- qs.Close(t.Context()) }()
	time.Sleep(50 * time.Millisecond)
	if n := len(closed); n > 0 || answered.Load() > 0 {
		t.Errorf("%d held commands have replies, and %d calls of Close have returned",
			answered.Load(), n)
	}
	if err := silent.Do(t.Context(), "client", "unpause").Err(); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	held.Wait()
}

// If callers go from one queue to another, a pipeline does not wait for half of them, and fewer
// callers send their commands themselves.
func TestCoalescerShared(t *testing.T) {
	c := newTestQueue(redistest.Start(t).Client(t), true)
	c.mu.Lock()
	for i := range maxSingles / 2 {
		if c.join(t.Context(), setting(t, i)) != nil {
			t.Errorf("%d is too many", i+1)
		}
	}
	c.collectors = 1 // so that no other one starts
	for i := range maxPipeline {
		if c.pipelines > 0 {
			t.Errorf("a pipeline of %d is sent", i)
		}
		if c.join(t.Context(), setting(t, i)) == nil {
			t.Error("sent by its caller")
		}
	}
	if c.pipelines != 1 {
		t.Errorf("%d are not enough", maxPipeline)
	}
	c.mu.Unlock()
	waitFor(t, c, func() bool { return c.pipelines == 0 })
}
