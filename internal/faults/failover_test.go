package faults

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// silence is how long a server is silent before the others take it for dead.
const silence = time.Second

// until waits for a condition on a server.
func until(t *testing.T, what string, is func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for !is(ctx) {
		select {
		case <-ctx.Done():
			t.Errorf("it never was so: %s", what)
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// isPrimary reports whether a server takes writes.
func isPrimary(ctx context.Context, rdb *redis.Client) bool {
	role, err := rdb.Do(ctx, "role").Slice()
	return err == nil && len(role) > 0 && role[0] == "master"
}

// The primary is killed, and the Sentinels promote another one. Writable it is from their telling on: nobody else knows of it.
func TestSentinelFailover(t *testing.T) {
	g := redistest.StartSentinel(t, silence)
	scenario{rdb: g.Client(t), sees: []string{deadline, broken}, fault: func(l *load) {
		l.ledger.change()
		old := g.Primary(t)
		g.Nodes()[0].Kill()
		until(t, "the Sentinels name a new primary", func(context.Context) bool { now := g.Primary(t); return now != "" && now != old })
		l.ledger.change()
	}}.run(t)
}

// One primary of a cluster is killed, and its replica takes its place.
func TestClusterFailover(t *testing.T) {
	for _, sweeps := range []bool{false, true} {
		t.Run(fmt.Sprintf("sweeps %v", sweeps), func(t *testing.T) {
			c := redistest.StartCluster(t, 1, silence)
			heir := c.Nodes()[3].Client(t)
			scenario{rdb: c.Client(t), noSweep: !sweeps, sees: []string{deadline, broken, "CLUSTERDOWN", "MOVED" /* more often than go-redis follows, while the nodes do not agree */}, fault: func(l *load) {
				l.ledger.change()
				c.Nodes()[0].Kill()
				until(t, "the replica is a primary", func(ctx context.Context) bool { return isPrimary(ctx, heir) })
				l.ledger.change()
			}}.run(t)
		})
	}
}

// The primary stands still until another one has taken its place, and then goes on. It takes itself for the primary until it is
// told otherwise, and what is written to it until then is lost.
func TestPrimaryReturns(t *testing.T) {
	stand := func(t *testing.T, s *redistest.Server, replaced func()) func(l *load) {
		rdb := s.Client(t)
		return func(l *load) {
			l.ledger.change()
			s.Pause(t)
			replaced()
			s.Resume(t)
			until(t, "the one that was paused is a replica", func(ctx context.Context) bool {
				role, err := rdb.Do(ctx, "role").Slice()
				return err == nil && len(role) > 0 && role[0] == "slave"
			})
			l.ledger.change()
		}
	}
	t.Run("sentinel", func(t *testing.T) {
		g := redistest.StartSentinel(t, silence)
		old := g.Primary(t)
		scenario{rdb: g.Client(t), sees: []string{deadline, broken, "READONLY"}, fault: stand(t, g.Nodes()[0], func() {
			until(t, "the Sentinels name a new primary", func(context.Context) bool { now := g.Primary(t); return now != "" && now != old })
		})}.run(t)
	})
	t.Run("cluster", func(t *testing.T) {
		c := redistest.StartCluster(t, 1, silence)
		heir := c.Nodes()[3].Client(t)
		scenario{rdb: c.Client(t), sees: []string{deadline, broken, "CLUSTERDOWN", "MOVED", "READONLY"}, fault: stand(t, c.Nodes()[0], func() {
			until(t, "the replica is a primary", func(ctx context.Context) bool { return isPrimary(ctx, heir) })
		})}.run(t)
	})
}
