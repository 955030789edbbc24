package cache_test

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

// failoverAfter is how long a server does not answer before another one takes its place.
const failoverAfter = time.Second

// failovers are primaries. kill kills the primary, and waits until another server has taken its
// place.
var failovers = map[string]func(t *testing.T) (rdb redis.UniversalClient, kill func()){
	"sentinel": func(t *testing.T) (redis.UniversalClient, func()) {
		g := redistest.StartSentinel(t, failoverAfter)
		first := g.Nodes()[0]
		return g.Client(t), func() {
			first.Kill()
			soon(t, "there is a new primary", func() bool {
				now := g.Primary(t)
				return now != "" && now != first.Addr()
			})
		}
	},
	"cluster": func(t *testing.T) (redis.UniversalClient, func()) {
		c := redistest.StartCluster(t, 1, failoverAfter)
		return c.Client(t), func() {
			c.Nodes()[0].Kill()
			replica := c.Nodes()[3].Client(t)
			soon(t, "the replica is the primary", func() bool {
				return strings.Contains(replica.Info(ctx(t), "replication").Val(), "role:master")
			})
		}
	},
}

// idsOfFirst returns two ids whose records are on the first primary of a cluster.
func idsOfFirst(t *testing.T, rdb redis.UniversalClient) (ids [2]int64) {
	t.Helper()
	n := 0
	for id := int64(1); n < len(ids); id++ {
		slot := int64(0)
		if c, ok := rdb.(*redis.ClusterClient); ok {
			slot = c.ClusterKeySlot(ctx(t), fmt.Sprint("users:", id)).Val()
		}
		if slot < 5000 {
			ids[n] = id
			n++
		}
	}
	return ids
}

// The primary dies during loads, and another server takes its place. All waiting callers get the
// loaded value. A Set on the new primary wins over a load that began on the old one.
func TestFailoverDuringLoad(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a failover")
	}
	for name, open := range failovers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rdb, kill := open(t)
			u := mustNew[int64](t, rdb, "users", jsonUsers, active())
			ids := idsOfFirst(t, rdb)
			alone, written := ids[0], ids[1]
			s := newSolo(map[int64]User{alone: ann, written: ann})
			s.started, s.resume = make(chan int64, 10), make(chan struct{})
			first := s.begins(t, func() (User, error) { return u.GetOrLoad(ctx(t), alone, s.user) })
			<-s.started
			var others []func(User)
			for range 10 {
				others = append(others, s.begins(t, func() (User, error) {
					return u.GetOrLoad(ctx(t), alone, s.user)
				}))
			}
			second := s.begins(t, func() (User, error) {
				return u.GetOrLoad(ctx(t), written, s.user)
			})
			<-s.started
			kill()
			soon(t, "a Set", func() bool { return u.Set(ctx(t), written, bob) == nil })
			close(s.resume)
			first(ann)
			second(ann)
			for _, ends := range others {
				ends(ann)
			}
			got, err := u.Get(ctx(t), written)
			wantUser(t, got, err, bob)
			// If the lease was lost, callers that joined start over, possibly before the first
			// returns.
			s.wantAtOnce(t, 2)
			t.Logf("loaders have run %d times", s.calls.Load())
			soon(t, "a hit", func() bool {
				calls := s.calls.Load()
				got, err := u.GetOrLoad(ctx(t), alone, s.user)
				wantUser(t, got, err, ann)
				return s.calls.Load() == calls
			})
		})
	}
}

// The slot of a record moves to another server during a load, and the lease moves with it. The load
// is stored on the new server, even if the move is not finished. A write during the load wins.
func TestSlotMovesDuringLoad(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 0, 15*time.Second)
	rdb := c.Client(t, patient)
	for i, tt := range []struct {
		name            string
		settled, writes bool
	}{
		{"moved", true, false}, {"moving", false, false},
		{"moved, and a Set", true, true}, {"moving, and a Set", false, true},
	} {
		o := []*cache.Options{active(), autoPipelined(), fixed(), active()}[i]
		o.Load.Patience = time.Minute
		u := mustNew[int64](t, rdb, fmt.Sprint("users", i), jsonUsers, o)
		id := int64(0)
		slot := func() int64 {
			return rdb.ClusterKeySlot(ctx(t), fmt.Sprint(u.Name(), ":", id)).Val()
		}
		for slot() >= 5000 || slot() < int64(i)*1000 {
			id++
		}
		s := newSolo(map[int64]User{id: ann})
		s.started, s.resume = make(chan int64, 10), make(chan struct{})
		first := s.begins(t, func() (User, error) { return u.GetOrLoad(ctx(t), id, s.user) })
		<-s.started
		settle := moveSlot(t, c, slot())
		if tt.settled {
			settle()
		}
		want := ann
		if tt.writes {
			s.put(id, bob)
			must(t, u.Set(ctx(t), id, bob))
			want = bob
		}
		close(s.resume)
		first(ann)
		got, err := u.Get(ctx(t), id)
		wantUser(t, got, err, want)
		settle()
		got, err = u.GetOrLoad(ctx(t), id, s.user)
		wantUser(t, got, err, want)
		s.wantLoads(t, 1)
	}
}

// moveSlot moves the keys of a slot from the first server of a cluster to the second one. settle
// finishes the move.
func moveSlot(t *testing.T, c *redistest.ClusterServers, slot int64) (settle func()) {
	t.Helper()
	from, to := c.Nodes()[0].Client(t), c.Nodes()[1].Client(t)
	do := func(rdb *redis.Client, args ...any) *redis.Cmd {
		t.Helper()
		cmd := rdb.Do(context.WithoutCancel(ctx(t)), args...)
		must(t, cmd.Err())
		return cmd
	}
	fromID, toID := do(from, "cluster", "myid").Val(), do(to, "cluster", "myid").Val()
	do(to, "cluster", "setslot", slot, "importing", fromID)
	do(from, "cluster", "setslot", slot, "migrating", toID)
	host, port, _ := strings.Cut(c.Nodes()[1].Addr(), ":")
	keys, err := do(from, "cluster", "getkeysinslot", slot, 100).StringSlice()
	must(t, err)
	for _, key := range keys {
		do(from, "migrate", host, port, key, 0, 5000)
	}
	if len(keys) == 0 {
		t.Error("the moving slot has no keys")
	}
	return func() {
		for _, node := range []*redis.Client{to, from, c.Nodes()[2].Client(t)} {
			do(node, "cluster", "setslot", slot, "node", toID)
		}
	}
}
