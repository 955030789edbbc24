package peers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// canaries is how many canaries the library sends per Staleness.
const canaries = 4

// sent counts the commands that the server gets while records are read from memory.
func (b *bench) sent() *report.Table {
	window, due := 4*time.Second, time.Second
	if *quick {
		window, due = time.Second, 250*time.Millisecond
	}
	t := &report.Table{
		Title: "Commands that hits send", Labels: 1,
		Note: fmt.Sprintf("One goroutine reads %d records for %v, on a separate server. Commands "+
			"are from INFO commandstats. A canary is an EVAL that calls UNLINK. A renewal is an "+
			"EVALSHA, plus the commands that its script calls. It drops the copies of its record, "+
			"so the next read is not a hit. Bounds: %d canaries per Staleness; scripts only for "+
			"renewals that are due and for reads that are not hits.", records, window, canaries),
		Head: []string{"Policy", "hits", "other reads", "eval", "unlink", "evalsha",
			"called by scripts"},
	}
	for _, p := range []struct {
		label  string
		policy ttl.Policy
		due    int // renewals in the window
	}{
		{"Fixed", ttl.Fixed(hour), 0},
		{"Active, Tolerance of 10 minutes", ttl.Active(hour, tolerance), 0},
		{fmt.Sprintf("Active, Tolerance of %v", due), ttl.Active(hour, ttl.Tolerance(due)),
			records * int(window/due+1)},
	} {
		b.sentUnder(t, p.label, p.policy, window, p.due)
	}
	return t
}

func (b *bench) sentUnder(
	t *report.Table, label string, policy ttl.Policy, window time.Duration, due int,
) {
	rdb := newClient(b, redis.Options{Addr: redistest.Start(b).Addr()})
	users := nearCache(b, rdb, "users", payload.JSON.Codec, policy)
	for id := range int64(records) {
		if err := users.Set(b.Context(), id, payload.Small.User); err != nil {
			b.Fatal(err)
		}
	}
	if err := users.Touch(b.Context(), 0); err != nil { // loads the scripts into the server
		b.Fatal(err)
	}
	remember(b, users)
	before := users.Stats().Near
	counts := redistest.Commands(b, rdb, func() {
		for start := time.Now(); time.Since(start) < window; {
			for id := range int64(records) {
				if _, err := users.Get(b.Context(), id); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	after := users.Stats().Near
	hits := after.Hits - before.Hits
	others := after.Misses - before.Misses + after.Bypassed - before.Bypassed

	evals, scripts := counts["eval"], counts["evalsha"]
	rest := maps.Clone(counts)
	for _, name := range []string{"eval", "unlink", "evalsha"} {
		delete(rest, name)
	}
	t.Add(label, fmt.Sprint(hits), fmt.Sprint(others), fmt.Sprint(evals),
		fmt.Sprint(counts["unlink"]), fmt.Sprint(scripts), named(rest))

	if most := int(canaries*window/cache.DefaultStaleness) + 2; evals > most || evals == 0 {
		b.breaks("%s: %d canaries in %v, 1 to %d are allowed", label, evals, window, most)
	}
	if counts["unlink"] != evals {
		b.breaks("%s: %d UNLINK for %d canaries", label, counts["unlink"], evals)
	}
	if scripts > due+int(others) {
		b.breaks("%s: %d scripts, with %d renewals due and %d reads that are not hits", label,
			scripts, due, others)
	}
	if scripts == 0 && len(rest) > 0 {
		b.breaks("%s: hits send %v", label, rest)
	}
	if after.Connects != before.Connects {
		b.breaks("%s: %d more connections for pushes", label, after.Connects-before.Connects)
	}
	if due == 0 && others > 0 {
		b.breaks("%s: %d reads of records in memory are not hits", label, others)
	}
}

// named returns counts as text.
func named(counts map[string]int) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprint(counts[name], " ", name))
	}
	if all == nil {
		return "nothing"
	}
	return strings.Join(all, ", ")
}
