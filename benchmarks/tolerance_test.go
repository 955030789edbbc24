package main_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// A fleet reads a hot set without a pause, so the server is at its limit. The cost of a script is
// spread over the reads within one tolerance. So a longer tolerance than this costs less per read,
// and fewer reads cost more.
const (
	hotRecords = 100
	processes  = 4
	tolerance  = 15 * time.Second
	turn       = 4 * time.Second           // for policies without a tolerance
	longTurn   = tolerance + 3*time.Second // for the policy with one

	maxTolerant = 1.10 // server time of a read under a tolerance, as a multiple of a plain GET
	maxRenewals = 2    // per record and turn: when the turn starts, and a tolerance later
)

// fleet is one cache in several processes, as Redis sees it: each has its own client.
type fleet []*cache.Cache[int64, []byte]

func newFleet(tb testing.TB, s *redistest.Server, name string, policy ttl.Policy) fleet {
	tb.Helper()
	var f fleet
	for range processes {
		f = append(f, newCache[int64](tb, s.Client(tb), name, codec.Bytes{}, policy))
	}
	for id := range int64(hotRecords) {
		if err := f[0].Set(tb.Context(), id, value); err != nil {
			tb.Fatal(err)
		}
	}
	return f
}

// read lets all processes read for d, and returns the number of reads.
func (f fleet) read(tb testing.TB, d time.Duration) (reads int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), d)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, c := range f {
		wg.Go(func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				if _, err := c.Get(context.Background(), int64(n%hotRecords)); err != nil {
					tb.Error(err)
					return
				}
			}
			mu.Lock()
			defer mu.Unlock()
			reads += n
		})
	}
	wg.Wait()
	return reads
}

// tolerance measures what a read costs the server, and how often a record is renewed.
func (b *bounds) tolerance() *report.Table {
	t := &report.Table{
		Title: "A hot set under a tolerance", Labels: 1,
		Note: fmt.Sprintf("%d processes, each with its own client and cache, read %d records of "+
			"%d bytes without a pause. A turn takes %v, or %v under the tolerance of %v. Server "+
			"time is that of all commands, from INFO commandstats. The ratio is to the plain "+
			"GETs of the same round. A renewal is a write: it goes to replicas and the AOF, and "+
			"drops the copies in clients. Bounds: at most %.2f times a plain GET; one renewal "+
			"per record and tolerance, so at most %d in a turn.",
			processes, hotRecords, len(value), turn, longTurn, tolerance, maxTolerant, maxRenewals),
		Head: []string{"Policy", "server µs/read", "ratio (quartiles)", "reads",
			"scripts/1000 reads", "µs/script", "renewals/1000 reads",
			"renewals per record and turn"},
	}
	s := redistest.Start(b.T)
	rdb := s.Client(b.T)
	policies := []struct {
		label  string
		policy ttl.Policy
		turn   time.Duration
	}{
		{"Fixed: GET", ttl.Fixed(hour), turn},
		{"Active: GETEX", ttl.Active(hour), turn},
		{fmt.Sprintf("Active, Tolerance(%v)", tolerance),
			ttl.Active(hour, ttl.Tolerance(tolerance)), longTurn},
	}
	turns := 5
	if *quick {
		turns = 1
	}
	type sum struct {
		spent, ratio      []float64
		reads             int
		scripts, renewals int
		inScripts         float64 // µs
	}
	sums := make([]sum, len(policies))
	fleets := make([]fleet, len(policies))
	for i, p := range policies {
		fleets[i] = newFleet(b.T, s, fmt.Sprint("hot", i), p.policy)
	}
	ctx := b.Context()
	for range turns {
		for i, p := range policies {
			if err := rdb.ConfigResetStat(ctx).Err(); err != nil {
				b.Fatal(err)
			}
			reads := fleets[i].read(b.T, p.turn)
			stats, err := serverinfo.Commands(ctx, rdb)
			if err != nil {
				b.Fatal(err)
			}
			get, getex, script := stats["get"], stats["getex"], stats["evalsha"]
			spent := get.Micros + getex.Micros
			if script.Calls > 0 { // the time of a script includes that of the commands it calls
				spent = script.Micros + get.Micros*float64(reads-script.Calls)/float64(get.Calls)
			}
			sum := &sums[i]
			sum.spent = append(sum.spent, spent/float64(reads))
			sum.ratio = append(sum.ratio,
				sum.spent[len(sum.spent)-1]/sums[0].spent[len(sum.spent)-1])
			sum.reads += reads
			sum.scripts += script.Calls
			sum.renewals += getex.Calls
			sum.inScripts += script.Micros
		}
	}
	for i, p := range policies {
		sum := sums[i]
		per := func(n int) string { return fmt.Sprintf("%.2f", float64(n)/float64(sum.reads)*1000) }
		each := float64(sum.renewals) / hotRecords / float64(turns)
		ratio := measure.Summarize(sum.ratio)
		perScript := ""
		if sum.scripts > 0 {
			perScript = fmt.Sprintf("%.1f", sum.inScripts/float64(sum.scripts))
		}
		t.Add(p.label, fmt.Sprintf("%.3f", measure.Summarize(sum.spent).Median), spread(ratio),
			fmt.Sprint(sum.reads), per(sum.scripts), perScript, per(sum.renewals), fmt.Sprintf(
				"%.2f", each))
		if i != len(policies)-1 {
			continue
		}
		if !*quick && ratio.Median > maxTolerant {
			b.breaks("a read of a hot set under a tolerance costs the server %.3f times a plain "+
				"GET, %.2f is allowed", ratio.Median, maxTolerant)
		}
		if each > maxRenewals {
			b.breaks("%.2f renewals of a record in %v under a tolerance of %v, %d are allowed",
				each, longTurn, tolerance, maxRenewals)
		}
	}
	return t
}

// TestTolerance measures and prints this table only.
func TestTolerance(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set")
	}
	b := &bounds{T: t}
	fmt.Print("\n" + b.tolerance().Markdown() + "\n")
	for _, what := range b.broken {
		t.Error(what)
	}
}
