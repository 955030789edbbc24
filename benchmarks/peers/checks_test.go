package peers

import (
	"math"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
)

// What the library promises of a sliding read. Times are for the smallest records, except where a
// comment says otherwise. For larger records, decoding takes most of the time, on every side.
const (
	// Time with one goroutine, as a multiple of that by hand.
	maxBesideFloor = 1.05

	// Throughput with 64 goroutines or more, as a multiple of any peer on go-redis.
	minBesidePeers = 3.0

	// Throughput, as a multiple of any peer. From 64 goroutines on it is also for records of 1 KB,
	// beside peers with their own client.
	minBesideOther = 1.0

	// Allocations per operation on one record, more than by hand.
	maxAllocs = 2
)

// check notes each broken promise of a cell. Only the full run checks times.
func (b *bench) check(o operation, c cell) {
	what := func(i int) string {
		return o.title + ", " + c.sides[i].name + ", " + c.format.Label + " " + c.size.Label
	}
	hand, plain := -1, -1
	for i, s := range c.sides {
		if s.kind == floor && hand < 0 {
			hand = i
		}
		if s.kind == ours && plain < 0 {
			plain = i
		}
		if o.commands == nil {
			continue
		}
		// A client may refresh something by itself, so a hundredth of a command is allowed.
		if got, want := c.results[i].Work.Commands, o.commands(s.side); math.Abs(got-want) > 0.01 {
			b.breaks("%s: %.3f commands a call, want %v", what(i), got, want)
		}
	}
	if hand < 0 || plain < 0 || o.commands == nil {
		return
	}
	// The goroutines of a slice and the connection pool also allocate: up to 0.5 per call.
	if extra := c.results[plain].Allocs - c.results[hand].Allocs; c.goroutines == 1 &&
		extra > maxAllocs+0.5 {
		b.breaks("%s: %.1f allocations more than by hand, %d are allowed", what(plain), extra,
			maxAllocs)
	}
	if !*quick && o.title == operations[0].title {
		b.checkSliding(c, what, hand, plain)
	}
}

func (b *bench) checkSliding(c cell, what func(int) string, hand, plain int) {
	small := c.size.Label == payload.Small.Label
	if small && c.goroutines == 1 {
		if slower := c.results[hand].Beside(c.results[plain]).Median; slower > maxBesideFloor {
			b.breaks("%s: %.2f times as long as by hand, %.2f is allowed", what(plain), slower,
				maxBesideFloor)
		}
	}
	best := c.fastest(ours)
	for i, s := range c.sides {
		if s.kind != onRedis && s.kind != other {
			continue
		}
		beside := c.results[best].Beside(c.results[i]).Median
		least := 0.0
		if small && s.kind == onRedis && c.goroutines == 1 {
			least = 1 / maxBesideFloor // the same command via the same client, so a tie
		} else if small || s.kind == other && c.goroutines >= 64 &&
			c.size.Label == payload.Medium.Label {
			least = minBesideOther
		}
		if small && s.kind == onRedis && c.goroutines >= 64 {
			least = minBesidePeers
		}
		if beside < least {
			b.breaks("%s makes %.2f times as many calls as %s with %d goroutines, at least %.2f "+
				"are promised", what(best), beside, s.name, c.goroutines, least)
		}
	}
}
