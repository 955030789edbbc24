package wire

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// If a command got no connection, or if its context ended before, Unknown is false. If it was sent
// and not answered, Unknown is true.
func TestOnceKnowsWhetherItWasSent(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t, func(o *redis.UniversalOptions) { o.PoolSize, o.MaxRetries = 1, -1 })
	c := newClient(t, rdb, false)
	do := func(ctx context.Context) *Once {
		return c.Do(ctx, "k", NewOnce(ctx, "set", "k", "v")).(*Once)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if cmd := do(ended); cmd.Err() == nil || cmd.Unknown() {
		t.Errorf("after the end of its context: %v, unknown: %v", cmd.Err(), cmd.Unknown())
	}
	conn := rdb.Conn() // the only one
	must(t, conn.Ping(t.Context()).Err())
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if cmd := do(short); cmd.Err() == nil || cmd.Unknown() {
		t.Errorf("without a connection: %v, unknown: %v", cmd.Err(), cmd.Unknown())
	}
	must(t, conn.Close())
	if cmd := do(t.Context()); cmd.Err() != nil || cmd.Unknown() {
		t.Errorf("it succeeds: %v, unknown: %v", cmd.Err(), cmd.Unknown())
	}
	s.Pause(t)
	short, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if cmd := do(short); cmd.Err() == nil || !cmd.Unknown() {
		t.Errorf("sent and not answered: %v, unknown: %v", cmd.Err(), cmd.Unknown())
	}
}
