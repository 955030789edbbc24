package staleness

import (
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

var clusterFaults = []fault{
	{name: "cluster: slots moved with MIGRATE", does: func(r *run) {
		c := r.cluster(0)
		r.lasts(func() { c.moveAll(true) }, func() {})
	}},
	{name: "cluster: slots moved without MIGRATE", does: func(r *run) {
		c := r.cluster(0)
		r.lasts(func() { c.moveAll(false) }, func() {})
	}},
	{name: "cluster: slots moved without MIGRATE, pushes blocked", does: func(r *run) {
		c := r.cluster(0)
		r.lasts(func() { r.net.hold(pushes); c.moveAll(false); time.Sleep(dead) }, r.net.pass)
	}},
	{name: "cluster: slots moved without MIGRATE and back at once", does: func(r *run) {
		c := r.cluster(0)
		r.lasts(func() {
			for _, id := range c.some() {
				c.writer.wipe(func() { c.thereAndBack(0, id) }, id)
				time.Sleep(30 * time.Millisecond)
			}
			time.Sleep(dead)
		}, func() {})
	}},
	{name: "cluster: other slots moved, pushes 1 s late", does: func(r *run) {
		c := r.cluster(0)
		r.lasts(func() {
			r.net.delay(pushes, 1050*time.Millisecond)
			for slot := range 6 {
				time.Sleep(time.Second)
				r.writer.wipe(func() { c.move(0, 1, slot, false) })
			}
		}, func() { r.net.delay(pushes, 0) })
	}},
	{name: "cluster: failover", does: func(r *run) {
		c := r.cluster(1)
		r.lasts(func() {
			r.must(c.direct[len(c.direct)/2].Do(r.ctx, "cluster", "failover").Err())
			c.promoted()
			time.Sleep(lasting())
		}, func() {})
	}},
	{name: "cluster: primary killed", does: func(r *run) {
		c := r.cluster(1)
		r.lasts(func() { c.nodes[0].Kill(); c.promoted(); r.recovered(c) }, func() {})
	}},
	{name: "cluster: primary frozen, replaced, resumed", does: func(r *run) {
		c := r.cluster(1)
		r.lasts(func() {
			c.nodes[0].Pause(r)
			c.promoted()
			time.Sleep(lasting())
			c.nodes[0].Resume(r)
		}, func() { r.recovered(c) })
	}},
	{name: "cluster: primary frozen, resumed when replaced", does: func(r *run) {
		c := r.cluster(1)
		r.lasts(func() { c.nodes[0].Pause(r); c.promoted(); c.nodes[0].Resume(r) },
			func() { r.recovered(c) })
	}},
}

// cluster is a cluster and the location of its records.
type cluster struct {
	*run
	nodes  []*redistest.Server
	direct []*redis.Client // the writer's clients, one per node
	ids    []string
	slot   [records]int
	at     [records]int // the index of each record's node
}

// cluster starts a cluster with so many replicas per primary, a writer and readers.
func (r *run) cluster(replicas int) *cluster {
	r.Helper()
	servers := redistest.StartCluster(r, replicas, dead)
	c := r.nodes(servers)
	r.start(c.target(replicas), servers.Client(r, r.through))
	return c
}

// nodes finds the slots and nodes of the records.
func (r *run) nodes(servers *redistest.ClusterServers) *cluster {
	r.Helper()
	c := &cluster{run: r, nodes: servers.Nodes()}
	for _, n := range c.nodes {
		rdb := n.Client(r, once)
		id, err := rdb.Do(r.ctx, "cluster", "myid").Text()
		r.must(err)
		c.direct, c.ids = append(c.direct, rdb), append(c.ids, id)
	}
	for id := range records {
		slot, err := c.direct[0].ClusterKeySlot(r.ctx, keyOf(int64(id))).Result()
		r.must(err)
		c.slot[id] = int(slot)
		c.at[id] = c.owner(c.direct[0], int(slot))
	}
	return c
}

// target returns a target that writes to the current nodes of the records.
func (c *cluster) target(replicas int) *target {
	at := c.at
	return &target{func(id int64) (*redis.Client, error) { return c.direct[at[id]], nil }, replicas}
}

// owner returns the node that holds a slot according to the node of rdb, or -1.
func (c *cluster) owner(rdb *redis.Client, slot int) int {
	slots := redis.NewClusterSlotsCmd(c.ctx, "cluster", "slots")
	c.must(rdb.Process(c.ctx, slots))
	for _, s := range slots.Val() {
		for i, id := range c.ids {
			if s.Start <= slot && slot <= s.End && s.Nodes[0].ID == id {
				return i
			}
		}
	}
	return -1
}

// some returns a third of the records of the first node.
func (c *cluster) some() (ids []int64) {
	for id, at := range c.at {
		if at == 0 && id%3 == 0 {
			ids = append(ids, int64(id))
		}
	}
	return ids
}

// moveAll moves the slots of some records to the second node, one after another.
func (c *cluster) moveAll(migrate bool) {
	c.Helper()
	for _, id := range c.some() {
		lost := []int64{id}
		if migrate {
			lost = nil
		}
		c.writer.wipe(func() {
			c.move(0, 1, c.slot[id], migrate, id)
			c.at[id] = 1
			c.writer.target.Store(c.target(0))
		}, lost...)
		time.Sleep(30 * time.Millisecond)
	}
}

// thereAndBack moves the slot of a record to the second node, without the record, and back some
// time later. So the record is lost.
func (c *cluster) thereAndBack(later time.Duration, id int64) {
	c.Helper()
	c.move(0, 1, c.slot[id], false)
	time.Sleep(later)
	c.move(1, 0, c.slot[id], false)
	n, err := c.direct[0].Exists(c.ctx, keyOf(id)).Result()
	c.must(err)
	if n != 0 {
		c.Errorf("%s is still there", keyOf(id))
	}
}

// move moves a slot from one node to another, with the records ids if migrate is set. No write may
// be in flight. It returns when all nodes know of the move.
func (c *cluster) move(from, to, slot int, migrate bool, ids ...int64) {
	c.Helper()
	do := func(node int, args ...any) error { return c.direct[node].Do(c.ctx, args...).Err() }
	c.must(do(to, "cluster", "setslot", slot, "importing", c.ids[from]))
	if migrate {
		c.must(do(from, "cluster", "setslot", slot, "migrating", c.ids[to]))
		host, port, _ := strings.Cut(c.nodes[to].Addr(), ":")
		for _, id := range ids {
			c.must(do(from, "migrate", host, port, keyOf(id), 0, 1000))
		}
	}
	c.must(do(to, "cluster", "setslot", slot, "node", c.ids[to]))
	// A node that has keys of the slot refuses this command. It learns of the move from the bus.
	_ = do(from, "cluster", "setslot", slot, "node", c.ids[to])
	c.until(promotion, func() bool {
		for _, rdb := range c.direct {
			if c.owner(rdb, slot) != to {
				return false
			}
		}
		return true
	})
}

// promoted waits until the replica of the first node is a primary, and redirects the writer to it.
func (c *cluster) promoted() {
	c.Helper()
	replica := len(c.nodes) / 2
	c.until(promotion, func() bool { return info(c.run, c.direct[replica])["role"] == "master" })
	for id, at := range c.at {
		if at == 0 {
			c.at[id] = replica
		}
	}
	c.writer.target.Store(c.target(0))
}

// recovered waits until the records of the first node are read from memory again.
func (r *run) recovered(c *cluster) {
	r.Helper()
	var id int64
	for c.at[id] != len(c.nodes)/2 {
		id++
	}
	r.until(promotion, func() bool { return r.near(id) })
}

// info returns the fields of INFO replication of a server.
func info(r *run, rdb *redis.Client) map[string]string {
	text, err := rdb.Info(r.ctx, "replication").Result()
	r.must(err)
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[k] = v
		}
	}
	return fields
}
