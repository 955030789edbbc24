package faults

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// silence is how long a server is silent before the others take it for dead.
const silence = time.Second

// roleOf returns what a server says it is: "master", "slave", and for the latter whether it has
// what its primary has.
func roleOf(ctx context.Context, rdb *redis.Client) (role string, connected bool) {
	r, err := rdb.Do(ctx, "role").Slice()
	if err != nil || len(r) == 0 {
		return "", false
	}
	role, _ = r[0].(string)
	return role, role == "slave" && len(r) > 3 && r[3] == "connected"
}

// replicated are a primary and its replicas, which change their roles.
type replicated struct {
	*testing.T
	servers []*redistest.Server
	primary func() string // its address as clients learn it; empty while there is none
	now     *string       // the one that has replaced another one last
}

func sentinels(t *testing.T) (replicated, redis.UniversalClient) {
	g := redistest.StartSentinel(t, silence)
	return replicated{t, g.Nodes(), func() string { return g.Primary(t) }, new(string)}, g.Client(t)
}

// cluster returns one primary of a cluster and its replica.
func cluster(t *testing.T) (replicated, redis.UniversalClient) {
	c := redistest.StartCluster(t, 1, silence)
	pair := []*redistest.Server{c.Nodes()[0], c.Nodes()[3]}
	clients := []*redis.Client{pair[0].Client(t), pair[1].Client(t)}
	return replicated{t, pair, func() string {
		for i, s := range pair {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			role, _ := roleOf(ctx, clients[i])
			cancel()
			if role == "master" {
				return s.Addr()
			}
		}
		return ""
	}, new(string)}, c.Client(t)
}

// replaced takes the primary away and returns it when another one is in its place.
func (r replicated) replaced(away func(*redistest.Server)) *redistest.Server {
	r.Helper()
	addr := ""
	until(r.T, "there is a primary", func(context.Context) bool {
		addr = r.primary()
		return addr != ""
	})
	i := slices.IndexFunc(r.servers, func(s *redistest.Server) bool { return s.Addr() == addr })
	if i < 0 {
		r.Fatalf("no server is the primary %q", addr)
	}
	old := r.servers[i]
	away(old)
	until(r.T, "there is a new primary", func(context.Context) bool {
		*r.now = r.primary()
		return *r.now != "" && *r.now != addr
	})
	return old
}

// again reports whether the primary has been replaced once more, by nodes that a busy machine kept
// waiting for it. Writes may be lost that nobody expects to be lost then.
func (r replicated) again() bool { return r.primary() != *r.now }

// follows waits until one that was the primary is a replica.
func (r replicated) follows(s *redistest.Server) {
	r.Helper()
	rdb := s.Client(r.T)
	until(r.T, "the old primary is a replica", func(ctx context.Context) bool {
		_, connected := roleOf(ctx, rdb)
		return connected
	})
}

// killed is a fault: the primary dies. It comes back before the next one does.
func (r replicated) killed() func(l *load) {
	var dead *redistest.Server
	return func(l *load) {
		if dead != nil {
			dead.Restart(r.T)
			r.follows(dead)
		}
		l.ledger.change()
		dead = r.replaced((*redistest.Server).Kill)
		l.ledger.change()
	}
}

// The primary is killed, and the Sentinels promote another one. Writable it is from their telling
// on: nobody else knows of it.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	skipsShort(t)
	g, rdb := sentinels(t)
	scenario{rdb: rdb, sees: []string{deadline, broken}, fault: g.killed(), again: g.again}.run(t)
}

// inCluster are the errors while the nodes of a cluster do not agree. MOVED is then answered more
// often than go-redis follows.
var inCluster = []string{deadline, broken, "CLUSTERDOWN", "MOVED"}

// One primary of a cluster is killed, and its replica takes its place.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	for _, sweeps := range []bool{false, true} {
		t.Run(fmt.Sprintf("sweeps %v", sweeps), func(t *testing.T) {
			t.Parallel()
			skipsShort(t)
			c, rdb := cluster(t)
			scenario{rdb: rdb, noSweep: !sweeps, sees: inCluster,
				fault: c.killed(), again: c.again}.run(t)
		})
	}
}

// stopped is a fault: the primary stands still until another one has taken its place, and then goes
// on. It takes itself for the primary until it is told otherwise, and what is written to it until
// then is lost. Nobody waits for that; but a client of a cluster may ask the silent one for the
// layout, and then it waits for its own ReadTimeout.
func (r replicated) stopped() func(l *load) {
	return func(l *load) {
		l.ledger.change()
		old := r.replaced(func(s *redistest.Server) { s.Pause(r.T) })
		begun := time.Now()
		until(r.T, "all keys can be read while the old primary stands still",
			func(context.Context) bool {
				return l.reaches()
			})
		r.Logf("all keys could be read %v after there was a new primary",
			time.Since(begun).Round(time.Millisecond))
		old.Resume(r.T)
		r.follows(old)
		l.ledger.change()
	}
}

func TestPrimaryReturns(t *testing.T) {
	t.Parallel()
	skipsShort(t)
	t.Run("sentinel", func(t *testing.T) {
		t.Parallel()
		g, rdb := sentinels(t)
		scenario{rdb: rdb, sees: []string{deadline, broken, "READONLY"},
			fault: g.stopped(), again: g.again}.run(t)
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		c, rdb := cluster(t)
		scenario{rdb: rdb, sees: append(slices.Clip(inCluster), "READONLY"),
			fault: c.stopped(), again: c.again}.run(t)
	})
}
