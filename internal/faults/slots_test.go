package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// The slots of a primary that hold keys move to another one, a key at a time, while reads, updates
// and a sweep run. The client is redirected while a slot moves (ASK) and after it has moved
// (MOVED). Callers notice nothing, with one exception: a read may miss a record while a Set gives
// it its own terms. The Set removes the string on one node and writes the list on the other.
// TRYAGAIN is for commands on several keys, and the cache sends none.
func TestSlotsMove(t *testing.T) {
	t.Parallel()
	skipsShort(t)
	c := redistest.StartCluster(t, 0, 15*time.Second)
	from, to := c.Nodes()[0].Client(t), c.Nodes()[1].Client(t)
	// The new owner is told first, and tells the others.
	others := []*redis.Client{to, from, c.Nodes()[2].Client(t)}
	host, port, _ := strings.Cut(c.Nodes()[1].Addr(), ":")
	keys, err := 0, error(nil)
	do := func(rdb *redis.Client, args ...any) *redis.Cmd {
		cmd := rdb.Do(t.Context(), args...)
		if cmd.Err() != nil && err == nil {
			err = fmt.Errorf("%v: %w", args, cmd.Err())
		}
		return cmd
	}
	scenario{rdb: c.Client(t), limit: patient, moves: true, fault: func(*load) {
		fromID, toID := do(from, "cluster", "myid").Val(), do(to, "cluster", "myid").Val()
		slots := map[int64]bool{}
		for iter := from.Scan(t.Context(), 0, "*", 1000).Iterator(); iter.Next(t.Context()); {
			slot, _ := do(from, "cluster", "keyslot", iter.Val()).Int64()
			slots[slot] = true
		}
		for slot := range slots {
			do(to, "cluster", "setslot", slot, "importing", fromID)
			do(from, "cluster", "setslot", slot, "migrating", toID)
			for err == nil {
				some, _ := do(from, "cluster", "getkeysinslot", slot, 1).StringSlice()
				if len(some) == 0 {
					break
				}
				do(from, "migrate", host, port, some[0], 0, 5000)
				keys++
				time.Sleep(20 * time.Millisecond) // for the callers to come between
			}
			for _, node := range others {
				do(node, "cluster", "setslot", slot, "node", toID)
			}
		}
	}}.run(t)
	if err != nil {
		t.Error(err)
	}
	redirects := errorStats(t, c.Nodes())
	t.Logf("%d keys moved; %v", keys, redirects)
	if keys == 0 || redirects["MOVED"] == 0 || redirects["ASK"] == 0 {
		t.Errorf("%d keys moved, the callers were redirected so often: %v", keys, redirects)
	}
}

// A Set changes the Redis type of a record while its slot moves. Its script removes the old value
// first. Redis then refuses to write the new one, because the key may be on the other node. The Set
// must still succeed.
func TestSetWhileSlotMoves(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 0, 15*time.Second)
	rdb := c.Client(t)
	from, to := c.Nodes()[0].Client(t), c.Nodes()[1].Client(t)
	users := newCache(t, rdb, nil)
	key, slot := "", int64(0)
	for i := 0; key == ""; i++ {
		k := fmt.Sprint(i)
		// a key of the first primary
		if slot = rdb.ClusterKeySlot(t.Context(), users.Name()+":"+k).Val(); slot < 5000 {
			key = k
		}
	}
	if err := users.Set(t.Context(), key, newValue(key, 1, 0)); err != nil {
		t.Fatal(err)
	}
	for node, args := range map[*redis.Client][]any{
		to: {"cluster", "setslot", slot, "importing",
			from.Do(t.Context(), "cluster", "myid").Val()},
		from: {"cluster", "setslot", slot, "migrating",
			to.Do(t.Context(), "cluster", "myid").Val()},
	} {
		if err := node.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for version := range int64(3) {
		if err := users.Set(t.Context(), key, newValue(key, version+2, 0),
			cache.WithTTL(time.Minute)); err != nil {
			t.Errorf("Set %d: %v", version, err)
		}
		if v, err := users.Get(t.Context(), key); err != nil || v.Version != version+2 {
			t.Errorf("Get: version %d, %v, want %d", v.Version, err, version+2)
		}
	}
}

// errorStats returns how many errors of each kind the servers have replied with.
func errorStats(t *testing.T, servers []*redistest.Server) map[string]int {
	t.Helper()
	sum := map[string]int{}
	for _, s := range servers {
		info, err := s.Client(t).Info(context.Background(), "errorstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(info) {
			var n int
			name, count, _ := strings.Cut(strings.TrimSpace(line), ":count=")
			if _, err := fmt.Sscan(count, &n); err == nil {
				sum[strings.TrimPrefix(name, "errorstat_")] += n
			}
		}
	}
	return sum
}
