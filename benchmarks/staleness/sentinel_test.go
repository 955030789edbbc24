package staleness

import (
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// dead is how long a server is silent until Sentinels or a cluster regard it as down.
const dead = time.Second

// promotion is how long it may take until another server is the primary.
const promotion = 30 * time.Second

var sentinelFaults = []fault{
	{name: "Sentinel: primary frozen, replaced, resumed", does: func(r *run) {
		g := redistest.StartSentinel(r, dead)
		old := r.behind(g)
		r.lasts(func() {
			old.Pause(r)
			r.replaced(g, old)
			time.Sleep(lasting())
			old.Resume(r)
		}, func() { r.warm() })
	}},
	{name: "Sentinel: primary frozen, resumed when replaced", does: func(r *run) {
		g := redistest.StartSentinel(r, dead)
		old := r.behind(g)
		r.lasts(func() { old.Pause(r); r.replaced(g, old); old.Resume(r) }, func() { r.warm() })
	}},
	{name: "Sentinel: primary killed", does: func(r *run) {
		g := redistest.StartSentinel(r, dead)
		old := r.behind(g)
		r.lasts(func() { old.Kill(); r.replaced(g, old); r.warm() }, func() {})
	}},
	{name: "partition with the old primary alive", free: true, does: func(r *run) {
		args := []string{"--repl-diskless-sync-delay", "0"}
		old, other := redistest.Start(r, args...), redistest.Start(r, args...)
		control := other.Client(r)
		r.follow(control, old)
		r.start(to(old.Client(r, once), 1), old.Client(r, r.through))
		own := other.Client(r, once)
		r.lasts(func() {
			r.must(control.Do(r.ctx, "replicaof", "no", "one").Err())
			r.writer.target.Store(to(own, 0))
			time.Sleep(lasting())
		}, func() { r.follow(old.Client(r), other) })
	}},
}

// behind starts a writer and readers on a group of Sentinel, and returns the group's primary.
func (r *run) behind(g *redistest.SentinelServers) *redistest.Server {
	r.Helper()
	primary := g.Nodes()[0]
	r.start(to(primary.Client(r, once), len(g.Nodes())-1), g.Client(r, r.through))
	return primary
}

// replaced waits until a group has another primary, and redirects the writer to it.
func (r *run) replaced(g *redistest.SentinelServers, old *redistest.Server) {
	r.Helper()
	var primary string
	r.until(promotion, func() bool {
		primary = g.Primary(r)
		return primary != "" && primary != old.Addr()
	})
	for _, s := range g.Nodes() {
		if s.Addr() == primary {
			r.writer.target.Store(to(s.Client(r, once), 0))
		}
	}
}

// follow makes a server the replica of another one, and waits until it has the data.
func (r *run) follow(rdb *redis.Client, primary *redistest.Server) {
	r.Helper()
	host, port, err := net.SplitHostPort(primary.Addr())
	r.must(err)
	r.must(rdb.Do(r.ctx, "replicaof", host, port).Err())
	control := primary.Client(r)
	r.until(promotion, func() bool {
		return info(r, rdb)["master_link_status"] == "up" &&
			strings.Contains(info(r, control)["slave0"], "state=online")
	})
}
