package redistest

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/recent"
)

// Backend is a Redis of one kind, as one test sees it: a row of the table of [Each]. Safe for
// concurrent use.
type Backend struct {
	Kind   string                // "miniredis", "redis", "cluster", "sentinel" or "tls"
	Client redis.UniversalClient // the test's own, closed at its end
	Mini   *miniredis.Miniredis  // the test's own; nil on real servers

	tb   testing.TB
	dial func(tweak ...func(*redis.UniversalOptions)) redis.UniversalClient
	keys *KeyCheck

	mu    sync.Mutex
	clock time.Time // of Mini
}

// Each runs fn as a subtest on three kinds of Redis: a new miniredis, the shared server and the
// shared cluster. With REDIS_TOPOLOGIES=all in the environment it runs fn on all kinds, as
// [EachTopology] does. After fn it checks the keys of every name that [Backend.Name] returned, by
// the rules of [CheckKeys].
func Each(t *testing.T, fn func(t *testing.T, b *Backend)) {
	t.Helper()
	if os.Getenv(envTopologies) == "all" {
		each(t, rows, fn)
		return
	}
	each(t, rows[:common], fn)
}

// EachTopology runs fn on all kinds of Redis: those of Each, a primary behind Sentinels, and a
// server with TLS and an ACL. The first call in a test binary takes some seconds more, until these
// servers have started. With -short it does what Each does.
func EachTopology(t *testing.T, fn func(t *testing.T, b *Backend)) {
	t.Helper()
	if testing.Short() {
		Each(t, fn)
		return
	}
	each(t, rows, fn)
}

// envTopologies widens the table of Each.
const envTopologies = "REDIS_TOPOLOGIES"

type row struct {
	kind string
	open func(testing.TB) *Backend
}

// rows are the kinds of Redis. Each uses the first ones. The others have the same servers, reached
// in another way, which only the client notices.
var rows = []row{
	{"miniredis", openMini},
	{"redis", func(tb testing.TB) *Backend { return openServer(Standalone(tb)) }},
	{"cluster", openCluster},
	{"sentinel", openSentinel},
	{"tls", func(tb testing.TB) *Backend { return openServer(Secure(tb)) }},
}

const common = 3

func each(t *testing.T, rows []row, fn func(t *testing.T, b *Backend)) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.kind, func(t *testing.T) {
			t.Helper()
			b := row.open(t)
			b.Kind, b.tb = row.kind, t
			b.keys = &KeyCheck{alone: b.Mini != nil}
			// This is registered before the test's own cleanups, so it runs after them and sees
			// what a closed cache leaves. It uses a new client, so the test may break or close the
			// one it was given.
			t.Cleanup(func() {
				rdb := b.dial()
				defer rdb.Close()
				b.keys.run(t, rdb)
			})
			b.Client = b.NewClient(t)
			fn(t, b)
		})
	}
}

// NeedsMini skips a test that needs a miniredis on a machine where that does not work.
func NeedsMini(tb testing.TB) {
	tb.Helper()
	if strconv.IntSize == 32 {
		tb.Skip("miniredis keeps deadlines, in ms since 1970, in an int, which has 32 bits here")
	}
}

// openMini makes a miniredis whose clock stands still until Advance. TTLs, PEXPIREAT and TIME, also
// in scripts, use that one clock. FastForward would move the TTLs only.
func openMini(tb testing.TB) *Backend {
	tb.Helper()
	NeedsMini(tb)
	m := miniredis.NewMiniRedis()
	// Deadlines are in ms. A fraction of a ms would be rounded.
	now := time.Now().Truncate(time.Millisecond)
	m.SetTime(now)
	m.ClockTTL(true)
	if err := serveStats(m); err != nil {
		tb.Fatalf("redistest: miniredis: %v", err)
	}
	tb.Cleanup(m.Close)
	return &Backend{Mini: m, clock: now,
		dial: func(tweak ...func(*redis.UniversalOptions)) redis.UniversalClient {
			o := options(nil, "miniredis:0") // the address is for messages; nothing resolves it
			o.Dialer = minipipe.Dialer(m)
			for _, f := range tweak {
				f(o)
			}
			return redis.NewClient(o.Simple())
		}}
}

func openServer(s *Server) *Backend {
	return &Backend{dial: func(tweak ...func(*redis.UniversalOptions)) redis.UniversalClient {
		return redis.NewClient(s.options(tweak).Simple())
	}}
}

func openSentinel(tb testing.TB) *Backend {
	tb.Helper()
	g := Sentinel(tb)
	return &Backend{dial: func(tweak ...func(*redis.UniversalOptions)) redis.UniversalClient {
		return g.dial(tweak...)
	}}
}

func openCluster(tb testing.TB) *Backend {
	tb.Helper()
	c := Cluster(tb)
	return &Backend{dial: func(tweak ...func(*redis.UniversalOptions)) redis.UniversalClient {
		return redis.NewClusterClient(options(tweak, c.Addrs()...).Cluster())
	}}
}

// NewClient returns another client of the same Redis, as a second process would have, closed at the
// test's end. Each tweak may change the options. A tweak that sets a Dialer must wrap the one it
// finds, which is nil on real servers.
func (b *Backend) NewClient(
	tb testing.TB, tweak ...func(*redis.UniversalOptions),
) redis.UniversalClient {
	tb.Helper()
	rdb := b.dial(tweak...)
	tb.Cleanup(func() { _ = rdb.Close() }) // a test may have closed it already
	return rdb
}

// Name returns a new cache name, unique to this test and run. At the test's end its keys are
// checked and deleted.
func (b *Backend) Name() string {
	name := UniqueName(b.tb)
	b.keys.add(name)
	return name
}

// Exempt excludes keys that the test wrote itself from the check. They are deleted too.
func (b *Backend) Exempt(keys ...string) { b.keys.Exempt(keys...) }

// Advance lets d pass. On miniredis it moves the clock at once. On a real server, whose clock
// cannot be moved, it sleeps. So keep d near 50 ms, or check b.Mini != nil before a longer one. Do
// not also call FastForward or SetTime of miniredis.
func (b *Backend) Advance(d time.Duration) {
	if b.Mini == nil {
		time.Sleep(d)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
	b.Mini.SetTime(b.clock)
	recent.Skip(d)
}

// Now returns the server's time. On a real server it costs one TIME command, which [Commands]
// counts and [Wire] does not.
func (b *Backend) Now() time.Time {
	b.tb.Helper()
	if b.Mini != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.clock
	}
	ctx, cancel := background()
	defer cancel()
	rdb := b.dial()
	defer rdb.Close()
	now, err := rdb.Time(ctx).Result()
	if err != nil {
		b.tb.Fatalf("redistest: TIME: %v", err)
	}
	return now
}
