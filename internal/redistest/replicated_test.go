package redistest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A primary is killed. The client finds the next one, which has what the replicas had.
func TestSentinelFailsOver(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	g := StartSentinel(t, time.Second)
	rdb := g.Client(t)
	if err := rdb.Set(t.Context(), "k", "v", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := rdb.Wait(t.Context(), replicas, startLimit).Result(); n != replicas || err != nil {
		t.Fatalf("%d replicas have the key: %v", n, err)
	}
	g.Nodes()[0].Kill()
	ctx, cancel := background()
	defer cancel()
	if err := until(ctx, func() error {
		return rdb.Set(ctx, "l", "w", time.Minute).Err()
	}); err != nil {
		t.Fatal(err)
	}
	if got := rdb.Get(ctx, "k").Val(); got != "v" {
		t.Errorf("the new primary has %q, want v", got)
	}
}

func TestSentinelIsShared(t *testing.T) {
	t.Parallel()
	g := Sentinel(t)
	if again := Sentinel(t); again != g {
		t.Error("the second call made a second group")
	}
	for i, s := range g.Nodes() {
		want := "role:slave"
		if i == 0 {
			want = "role:master"
		}
		if info := s.Client(t).Info(t.Context(), "replication").Val(); !strings.Contains(info,
			want) {
			t.Errorf("server %d is not %s:\n%s", i, want, info)
		}
	}
}

func TestStartCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	c := StartCluster(t, 1, time.Second)
	rdb := c.Client(t)
	if n := len(c.Nodes()); n != 2*primaries {
		t.Fatalf("%d nodes", n)
	}
	for i, s := range c.Nodes()[primaries:] {
		_, port, _ := strings.Cut(c.Nodes()[i].Addr(), ":")
		if err := lacks(s.Client(t).Info(t.Context(), "replication").Val(),
			map[string]string{"role": "slave", "master_port": port}); err != nil {
			t.Errorf("replica %d: %v", i, err)
		}
	}
	c.Nodes()[0].Kill()
	ctx, cancel := background()
	defer cancel()
	for i := range 50 { // keys of all slots
		err := until(ctx, func() error {
			rdb.ReloadState(ctx) // go-redis looks for a new primary once in a minute
			return rdb.Set(ctx, fmt.Sprint(i), "v", time.Minute).Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	heir := c.Nodes()[primaries].Client(t)
	err := until(ctx, func() error {
		return lacks(heir.Info(ctx, "replication").Val(), map[string]string{"role": "master"})
	})
	if err != nil {
		t.Errorf("the replica of the dead primary: %v", err)
	}
}
