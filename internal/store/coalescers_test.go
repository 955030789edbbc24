package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// The keys of one server have one coalescer, those of another another.
func TestCoalescersPerServer(t *testing.T) {
	cluster := redistest.Cluster(t).Client(t)
	a, b := redistest.Start(t), redistest.Start(t)
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": a.Addr(), "b": b.Addr()}})
	t.Cleanup(func() { ring.Close() })
	dead := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}, MaxRetries: -1})
	t.Cleanup(func() { dead.Close() })
	for name, tt := range map[string]struct {
		rdb     redis.UniversalClient
		server  func(key string) (*redis.Client, error)
		servers int
		keys    int
	}{
		"cluster": {cluster, func(key string) (*redis.Client, error) { return cluster.MasterForKey(t.Context(), key) }, 3, 300},
		"ring":    {ring, ring.GetShardClientForKey, 2, 300},
		"client":  {a.Client(t), func(string) (*redis.Client, error) { return nil, nil }, 1, 300},
		"nothing": {dead, func(string) (*redis.Client, error) { return nil, nil }, 1, 2},
	} {
		cs := newCoalescers(tt.rdb)
		of := map[*redis.Client]*coalescer{}
		back := map[*coalescer]*redis.Client{}
		for i := range tt.keys {
			key := fmt.Sprint("c:", i)
			server, err := tt.server(key)
			if err != nil {
				t.Fatal(err)
			}
			c := cs.of(t.Context(), key)
			if was, ok := of[server]; ok && was != c {
				t.Fatalf("%s: two coalescers for one server", name)
			}
			if was, ok := back[c]; ok && was != server {
				t.Fatalf("%s: two servers have one coalescer", name)
			}
			of[server], back[c] = c, server
			if several := name != "client"; c.shared != several || (c == cs.only) != (tt.servers == 1) {
				t.Fatalf("%s: a coalescer for callers who go to others: %v", name, c.shared)
			}
		}
		if len(of) != tt.servers {
			t.Errorf("%s: %d coalescers, want %d", name, len(of), tt.servers)
		}
		cs.close()
	}
}

// A server that does not answer holds up nobody who asks another one.
func TestCoalescersApart(t *testing.T) {
	rdb := redistest.Cluster(t).Client(t)
	st := coalescing(rdb, true)
	silent, err := rdb.MasterForKey(t.Context(), "c:0")
	if err != nil {
		t.Fatal(err)
	}
	const pause = time.Second
	if err := silent.Do(t.Context(), "client", "pause", pause.Milliseconds(), "write").Err(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var held, others sync.WaitGroup
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
			if err := st.Set(t.Context(), key, []byte("v"), 0); err != nil {
				t.Error(err)
			}
		})
	}
	others.Wait()
	if took := time.Since(begun); took > pause/2 {
		t.Errorf("servers that answer are asked for %v", took)
	}
	st.Close() // waits for the pipelines to the silent one
	if took := time.Since(begun); took < pause/2 {
		t.Errorf("the silent server answers, or Close returns, after %v", took)
	}
	held.Wait()
}

// Where callers go from one coalescer to another, nobody waits for half of them, and
// fewer send their commands themselves.
func TestCoalescerShared(t *testing.T) {
	c := newCoalescer(redistest.Start(t).Client(t), true)
	c.mu.Lock()
	for i := range maxSingles / 2 {
		if c.join(t.Context(), setting(t, i)) != nil {
			t.Errorf("%d is too many", i+1)
		}
	}
	c.collectors = 1 // and it has its turn last
	for i := range maxPipeline {
		if c.pipelines > 0 {
			t.Errorf("a pipeline goes with %d", i)
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
