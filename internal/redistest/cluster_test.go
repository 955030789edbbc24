package redistest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestCluster(t *testing.T) {
	c := Cluster(t)
	if again := Cluster(t); again != c {
		t.Error("the second call made a second cluster")
	}
	rdb := c.Client(t)
	owned := 0
	for _, n := range c.Nodes() {
		nodes, err := n.Client(t).ClusterNodes(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		own, known := 0, 0
		for line := range strings.Lines(nodes) {
			// id addr flags primary ping pong epoch link slots…
			f := strings.Fields(line)
			known++
			if !strings.Contains(f[2], "master") {
				t.Errorf("%s knows a node that is no primary: %s", n.Addr(), line)
			}
			if !strings.Contains(f[2], "myself") {
				continue
			}
			for _, r := range f[8:] {
				var from, to int
				if _, err := fmt.Sscanf(r, "%d-%d", &from, &to); err != nil {
					t.Fatalf("%s: slots %q: %v", n.Addr(), r, err)
				}
				own += to - from + 1
			}
		}
		if known != primaries || own < slots/primaries {
			t.Errorf("%s knows %d nodes and owns %d slots, want %d and a third", n.Addr(), known,
				own, primaries)
		}
		owned += own
	}
	if owned != slots {
		t.Errorf("the primaries own %d slots, want %d", owned, slots)
	}

	name := UniqueName(t)
	CheckKeys(t, rdb, name)
	const keys = 300
	for i := range keys {
		if err := rdb.Set(t.Context(), fmt.Sprintf("%s:%d", name, i), i,
			time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	sizes := map[string]int{}
	err := rdb.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		found, err := node.Keys(ctx, name+":*").Result()
		mu.Lock()
		defer mu.Unlock()
		sizes[node.Options().Addr] = len(found)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for addr, n := range sizes {
		total += n
		if n < keys/6 {
			t.Errorf("%s holds %d of %d keys", addr, n, keys)
		}
	}
	if len(sizes) != primaries || total != keys {
		t.Errorf("keys by primary: %v, want %d on %d", sizes, keys, primaries)
	}
}
