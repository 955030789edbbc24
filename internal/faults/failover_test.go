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

// silence is how long a server does not answer before the others take it for dead.
const silence = time.Second

// roleOf returns the role that a server reports, "master" or "slave", and whether a replica is
// connected to its primary and synced.
func roleOf(ctx context.Context, rdb *redis.Client) (role string, connected bool) {
	r, err := rdb.Do(ctx, "role").Slice()
	if err != nil || len(r) == 0 {
		return "", false
	}
	role, _ = r[0].(string)
	return role, role == "slave" && len(r) > 3 && r[3] == "connected"
}

// replicated is a primary and its replicas, whose roles change.
type replicated struct {
	*testing.T
	servers []*redistest.Server
	primary func() string // its address as clients learn it; empty while there is none
	now     *string       // address of the one that was promoted last
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

// replaced calls away with the primary and returns it when another one has taken its place.
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

// again reports whether the primary was replaced a second time, which happens if a busy machine
// delays its answers to the other nodes. Then more writes may be lost than the test expects.
func (r replicated) again() bool { return r.primary() != *r.now }

// follows waits until the former primary is a replica.
func (r replicated) follows(s *redistest.Server) {
	r.Helper()
	rdb := s.Client(r.T)
	until(r.T, "the old primary is a replica", func(ctx context.Context) bool {
		_, connected := roleOf(ctx, rdb)
		return connected
	})
}

// killed returns a fault that kills the primary. The one that it has killed before comes back
// first.
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

// The primary is killed, and the Sentinels promote another one. It counts as writable from when all
// Sentinels name it.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	skipsShort(t)
	g, rdb := sentinels(t)
	scenario{rdb: rdb, sees: []string{deadline, broken}, fault: g.killed(), again: g.again}.run(t)
}

// inCluster are the errors while the nodes of a cluster do not agree. MOVED is one of them, because
// go-redis follows only a few redirects.
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
// on. It acts as a primary until it is told otherwise, and what is written to it until then is
// lost. Callers need not wait until it goes on. But a client of a cluster may ask the silent node
// for the layout, and then it waits for its own ReadTimeout.
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
