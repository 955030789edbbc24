package main_test

import (
	"flag"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// What the library promises of GetOrLoad.
const (
	// Pairs of slices of Get and GetOrLoad. The promise is for the median of 20 pairs. On a shared
	// machine that median is uncertain by 0.05, and the median of 500 pairs by 0.01.
	hitPairs     = 500
	maxHitRatio  = 1.05                  // time of a hit, as a multiple of Get
	maxHitAllocs = 1                     // more allocations per hit than per Get
	maxBehind    = 50 * time.Millisecond // the slowest caller of a cold key, behind the load
	leastOutage  = 0.8                   // throughput without Redis, as a multiple of the loader's
	maxRecovery  = 2500 * time.Millisecond
)

// TestLoadBounds measures GetOrLoad, prints the tables, and fails if a promise is broken.
func TestLoadBounds(t *testing.T) {
	if testing.Short() || flag.Lookup("test.bench").Value.String() != "" {
		t.Skip("-short or -bench is set")
	}
	if *quick && *write {
		t.Fatal("-quick does not measure enough for -write")
	}
	b := &bounds{T: t}
	rdb := server(t)
	version, err := serverinfo.Version(t.Context(), rdb)
	if err != nil {
		t.Fatal(err)
	}
	tables := []*report.Table{b.hit(rdb), b.coldKey(), b.outage()}
	head := report.Machine(version, b.command())
	report.Publish(t, "results/getorload.md", head, b.broken, tables, *write)
}

// ownClient returns a client from cache.Config.Client.
func ownClient(tb testing.TB, s *redistest.Server) redis.UniversalClient {
	tb.Helper()
	host, text, err := net.SplitHostPort(s.Addr())
	if err != nil {
		tb.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatal(err)
	}
	rdb := cache.Config{Host: host, Port: port}.Client()
	tb.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
