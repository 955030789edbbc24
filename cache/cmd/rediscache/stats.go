package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/store"
)

// stats shows sizes and times.
type stats struct {
	policyFlags
	top int
}

func (c *stats) flags(fs *flag.FlagSet) {
	c.policyFlags.flags(fs)
	fs.IntVar(&c.top, "top", 10, "the `number` of biggest records to show, 10 by default")
}

// summary counts what the keys of a cache hold.
type summary struct {
	records, withTerms int
	leases, markers    int
	foreign            int
	bytes              int64
	endless            int // records without a TTL
	sizes, left, idle  *terminal.Histogram
	biggest            []big
}

type big struct {
	key  string
	size int
}

const day = 24 * time.Hour

func newSummary() *summary {
	times := []int64{}
	for _, d := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute,
		time.Hour, 6 * time.Hour, day, 7 * day, 30 * day} {
		times = append(times, d.Milliseconds())
	}
	sizes := []int64{}
	for n := int64(64); n <= 64<<20; n *= 4 {
		sizes = append(sizes, n)
	}
	return &summary{
		sizes: terminal.NewHistogram(sizes...),
		left:  terminal.NewHistogram(times...),
		idle:  terminal.NewHistogram(times...),
	}
}

// add adds what a key holds.
func (sum *summary) add(key string, held store.Held, top int) (record bool) {
	switch held.Kind {
	case store.HoldsLease:
		sum.leases++
	case store.HoldsMarker:
		sum.markers++
	case store.HoldsForeign:
		sum.foreign++
	}
	if !held.Kind.IsRecord() {
		return false
	}
	sum.records++
	if held.Kind == store.HoldsList {
		sum.withTerms++
	}
	sum.bytes += int64(held.Size)
	sum.sizes.Add(int64(held.Size))
	if held.Remaining < 0 {
		sum.endless++
	} else {
		sum.left.Add(held.Remaining.Milliseconds())
	}
	if held.Idle >= 0 {
		sum.idle.Add(held.Idle.Milliseconds())
	}
	sum.rank(big{key, held.Size}, top)
	return true
}

// rank keeps the biggest records, by size and then by key.
func (sum *summary) rank(b big, top int) {
	n := len(sum.biggest)
	if n >= top && (n == 0 || b.size <= sum.biggest[n-1].size) {
		return
	}
	at, _ := slices.BinarySearchFunc(sum.biggest, b, func(a, b big) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.key, b.key))
	})
	if at < n && sum.biggest[at] == b { // SCAN returned it twice
		return
	}
	sum.biggest = slices.Insert(sum.biggest, at, b)
	sum.biggest = sum.biggest[:min(len(sum.biggest), top)]
}

func (c *stats) run(ctx context.Context, s *session, args []string) error {
	s.subject = args[0]
	if c.top < 0 || c.top > 1000 {
		return usage("-top takes a number from 0 to 1000")
	}
	known := c.apply(s, args[0])
	t, err := s.open(ctx, args[0], false)
	if err != nil {
		return err
	}
	policy := s.config.Options().TTL.Terms()
	under := store.New(s.wire, t.names, policy, nil)
	sum := newSummary()
	_, err = s.walk(ctx, t.store.Pages(ctx), "record looked at", func(page []string) (int, error) {
		all, err := under.LookMany(ctx, page)
		n := 0
		for i, held := range all {
			if !known && held.Own == 0 {
				held.Idle = -1
			}
			if sum.add(t.names.Text(page[i]), held, c.top) {
				n++
			}
		}
		return n, err
	})
	if err == nil && sum.records+sum.leases+sum.markers+sum.foreign == 0 {
		err = noRecords(0, nil)
	}
	if err != nil {
		return err
	}
	if s.json {
		s.line(sum.json(t.names.String()))
		return nil
	}
	s.summary(t.names.String(), sum, known)
	return nil
}

func (s *session) summary(name string, sum *summary, known bool) {
	fmt.Fprintf(s.out, "%s: %s, %s with their own terms\n", name,
		terminal.Count(sum.records, "record"), terminal.Number(sum.withTerms))
	if sum.leases+sum.markers+sum.foreign > 0 {
		fmt.Fprintf(s.out, "other keys: %s, %s, %s\n", terminal.Count(sum.leases, "lease"),
			terminal.Count(sum.markers, "marker"), terminal.Count(sum.foreign, "foreign key"))
	}
	if sum.records == 0 {
		return
	}
	duration := func(ms int64) string {
		return terminal.Duration(time.Duration(ms) * time.Millisecond)
	}
	fmt.Fprintf(s.out, "\nsize of values: %s in total, %s on average\n", terminal.Bytes(sum.bytes),
		terminal.Bytes(sum.bytes/int64(sum.records)))
	sum.sizes.Write(s.out, terminal.Bytes)
	fmt.Fprint(s.out, "\ntime until they expire, if nobody uses them\n")
	sum.left.Write(s.out, duration)
	if sum.endless > 0 {
		fmt.Fprintf(s.out, "  never, since they have no TTL: %s\n", terminal.Number(sum.endless))
	}
	if len(sum.idle.Buckets()) > 0 {
		fmt.Fprint(s.out, "\ntime since their last use\n")
		sum.idle.Write(s.out, duration)
	} else if !known {
		fmt.Fprint(s.out, "\ntime since their last use: unknown; set -policy-ttl or "+
			"REDIS_DEFAULT_TTL\n")
	}
	if len(sum.biggest) > 0 {
		fmt.Fprint(s.out, "\nbiggest records\n")
	}
	for _, b := range sum.biggest {
		fmt.Fprintf(s.out, "  %8s  %s\n", terminal.Bytes(int64(b.size)), terminal.Key(b.key))
	}
}

// bucket is a part of a histogram in JSON.
type bucket struct {
	UpTo    *int64 `json:"upTo"`
	Records int    `json:"records"`
}

func buckets(h *terminal.Histogram) []bucket {
	all := []bucket{}
	for _, b := range h.Buckets() {
		one := bucket{Records: b.Count}
		if b.Limit >= 0 {
			one.UpTo = &b.Limit
		}
		all = append(all, one)
	}
	return all
}

func (sum *summary) json(name string) any {
	type biggest struct {
		terminal.Name
		Bytes int `json:"bytes"`
	}
	all := []biggest{}
	for _, b := range sum.biggest {
		all = append(all, biggest{terminal.NameOf(b.key), b.size})
	}
	return struct {
		Cache     string    `json:"cache"`
		Records   int       `json:"records"`
		WithTerms int       `json:"withTerms"`
		Leases    int       `json:"leases"`
		Markers   int       `json:"markers"`
		Foreign   int       `json:"foreign"`
		Endless   int       `json:"withoutTtl"`
		Bytes     int64     `json:"bytes"`
		Sizes     []bucket  `json:"sizes"`
		Left      []bucket  `json:"ttlsLeft"`
		Idle      []bucket  `json:"idleTimes"`
		Biggest   []biggest `json:"biggest"`
	}{name, sum.records, sum.withTerms, sum.leases, sum.markers, sum.foreign, sum.endless,
		sum.bytes,
		buckets(sum.sizes), buckets(sum.left), buckets(sum.idle), all}
}
