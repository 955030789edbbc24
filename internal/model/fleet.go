package model

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

const (
	hour      = time.Hour
	tolerance = 7 * time.Minute
	maxAge    = 150 * time.Minute
)

// fleets are the options of the members of each fleet. All caches have one name. Those with
// Options.Near and the same Staleness share a client. Members with odd numbers retry when a round
// trip fails.
var fleets = map[string][]cache.Options{
	"active": {
		{TTL: ttl.Active(hour)},
		{TTL: ttl.Active(hour, ttl.Tolerance(tolerance))},
		{TTL: ttl.Active(hour, ttl.MaxAge(maxAge))},
		{TTL: ttl.Active(hour), AutoPipeline: true},
		{TTL: ttl.Active(hour, ttl.Tolerance(tolerance)), AutoPipeline: true},
		{TTL: ttl.Active(hour, ttl.MaxAge(maxAge), ttl.Tolerance(tolerance))},
	},
	"tolerant": {
		{TTL: ttl.Active(hour, ttl.Tolerance(tolerance))},
		{TTL: ttl.Active(hour, ttl.Tolerance(tolerance))},
		{TTL: ttl.Active(hour, ttl.Tolerance(tolerance)), AutoPipeline: true},
	},
	"fixed": {
		{TTL: ttl.Fixed(hour)},
		{TTL: ttl.Fixed(hour, ttl.Jitter(0.2))},
		{TTL: ttl.Fixed(hour), AutoPipeline: true},
	},
	"refreshed": {
		{TTL: ttl.Fixed(hour, ttl.Refresh(20*time.Minute))},
		{TTL: ttl.Fixed(hour, ttl.Refresh(20*time.Minute), ttl.Jitter(0.2))},
		{TTL: ttl.Fixed(hour, ttl.Refresh(20*time.Minute)), AutoPipeline: true},
	},
	"refreshed with MaxAge": {
		{TTL: ttl.Active(hour, ttl.MaxAge(maxAge), ttl.Refresh(hour))},
		{TTL: ttl.Active(hour, ttl.MaxAge(maxAge), ttl.Refresh(hour))},
		{TTL: ttl.Active(hour, ttl.MaxAge(maxAge), ttl.Refresh(hour), ttl.Tolerance(tolerance)),
			AutoPipeline: true},
	},
	"tracked": {
		{TTL: ttl.Fixed(hour), TrackAccess: true},
		{TTL: ttl.Fixed(hour), TrackAccess: true},
		{TTL: ttl.Fixed(hour), TrackAccess: true, AutoPipeline: true},
	},
	"near": {
		{TTL: ttl.Fixed(hour), Near: &cache.Near{Staleness: always}},
		{TTL: ttl.Fixed(hour), Near: &cache.Near{Staleness: always}, AutoPipeline: true},
		{TTL: ttl.Fixed(hour), Near: &cache.Near{Staleness: bound}},
		{TTL: ttl.Fixed(hour)},
	},
}

// member is a process that has the cache.
type member struct {
	*cache.Cache[string, Value]
	terms
	mini   bool          // it is on miniredis
	bound  time.Duration // Staleness; 0 without Options.Near
	client int           // the first member with the same client
	line   *line
	rdb    *redis.Client
	trusts [keyCount]time.Duration // until when it need not renew a key or note an access

	out time.Duration // until when Redis may count as out

	// Whether it remembers that it could not decode the value of a key. Then it does not renew it.
	unreadable [keyCount]knowledge
}

// trust notes that an operation on a key has renewed the record, or noted an access. For a time the
// member need not do it again. With a tolerance it need not renew. With an index it need not note
// an access to a key that it has written.
func (m *member) trust(o op, k int, at span) {
	switch {
	case m.Tolerance > 0:
		m.trusts[k] = at.hi + m.Tolerance
	case m.tracked && (strings.HasPrefix(o.name, "Set") || strings.HasPrefix(o.name, "Add") ||
		strings.HasPrefix(o.name, "Upsert") || o.loads()):
		m.trusts[k] = at.hi + m.window()
	}
}

const cacheName = "users"

func keyText(n int) string { return fmt.Sprintf("k%d", n) }

// newMember returns the next member of a fleet.
func newMember(t *testing.T, w *world, fleet []*member, o cache.Options) *member {
	t.Helper()
	m := &member{terms: terms{o.TTL.Terms(), o.TrackAccess}, mini: !w.real, client: len(fleet)}
	if o.Near != nil {
		m.bound = o.Near.Staleness
	}
	for _, other := range fleet {
		if m.bound > 0 && m.bound == other.bound {
			m.client, m.line, m.rdb = other.client, other.line, other.rdb
		}
	}
	if m.rdb == nil {
		m.line = &line{}
		m.rdb = w.client(m.line, len(fleet)%2 == 1)
		t.Cleanup(func() { _ = m.rdb.Close() })
	}
	o.Load = loading
	var err error
	if m.Cache, err = cache.New[string](m.rdb, cacheName, codec.JSON[Value]{}, &o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}
