package peers

import (
	"strings"
	"testing"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
)

// cellOf returns a cell in which the sides have these rates.
func cellOf(goroutines int, rates map[string]float64) cell {
	c := cell{format: payload.JSON, size: payload.Small, goroutines: goroutines}
	for _, s := range []side{
		{name: "hand", kind: floor, commands: 1}, {name: "plain", kind: ours,
			commands: 1}, {name: "piped", kind: ours, commands: 1},
		{name: "peer", kind: onRedis, commands: 2}, {name: "other", kind: other,
			commands: 1}, {name: "apart", kind: apart, commands: 1},
	} {
		if rate, ok := rates[s.name]; ok {
			c.sides = append(c.sides, prepared{side: s})
			c.results = append(c.results, measure.Loaded{
				Name: s.name, Rates: []float64{rate, rate,
					rate}, Allocs: 10, Work: measure.Work{Commands: s.commands},
			})
		}
	}
	return c
}

func TestCheck(t *testing.T) {
	with := func(c cell, change func(cell)) cell { change(c); return c }
	good := map[string]float64{"hand": 104, "plain": 100, "piped": 50, "peer": 99, "other": 100,
		"apart": 200}
	deep := map[string]float64{"hand": 100, "plain": 100, "piped": 310, "peer": 103, "other": 300}
	except := func(of map[string]float64, name string, rate float64) map[string]float64 {
		changed := map[string]float64{}
		for k, v := range of {
			changed[k] = v
		}
		changed[name] = rate
		return changed
	}
	for name, tt := range map[string]struct {
		cell cell
		want string // part of the error; no error if empty
	}{
		"one goroutine": {cellOf(1, good), ""},
		"64 goroutines": {cellOf(64, deep), ""},
		"slower than by hand": {cellOf(1, except(good, "hand", 106)),
			"1.06 times as long as by hand"},
		"a peer is faster": {cellOf(8, except(good, "peer", 101)),
			"0.99 times as many calls as peer"},
		"too slow beside a peer": {cellOf(64, except(deep, "peer", 110)),
			"2.82 times as many calls as peer"},
		"another client is faster": {cellOf(512, except(deep, "other", 311)),
			"1.00 times as many calls as other"},
		"commands": {with(cellOf(8, good), func(c cell) {
			c.results[3].Work.Commands = 1.5
		}), "peer, json 100B: 1.500 commands"},
		"allocations": {with(cellOf(1, good), func(c cell) {
			c.results[1].Allocs = 13
		}), "3.0 allocations more"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{T: t}
			b.check(operations[0], tt.cell)
			if tt.want == "" && len(b.broken) > 0 || tt.want != "" &&
				(len(b.broken) != 1 || !strings.Contains(b.broken[0], tt.want)) {
				t.Errorf("%q, want %q", b.broken, tt.want)
			}
		})
	}
}

func TestCheckNear(t *testing.T) {
	type rates = map[string]float64
	for name, tt := range map[string]struct {
		rates  rates
		allocs float64
		want   string // part of the error; no error if empty
	}{
		"good": {rates{"hand": 1900, "plain": 1000, "peer": 99, "other": 90}, 0.001, ""},
		"slow beside otter": {rates{"hand": 2100, "plain": 1000}, 0,
			"plain, json 100B at 8, takes 2.10 times as long as hand, 2.00 is allowed"},
		"one of two is slow": {rates{"hand": 1000, "plain": 1000, "piped": 400}, 0,
			"piped, json 100B at 8, takes 2.50 times as long as hand"},
		"too slow beside a peer": {rates{"plain": 1000, "peer": 110}, 0,
			"plain, json 100B at 8, is 9.1 times as fast as peer, at least 10"},
		"too slow beside another client": {rates{"plain": 1000, "other": 200}, 0,
			"5.0 times as fast as other"},
		"allocations": {rates{"plain": 1000, "peer": 99}, 0.5,
			"makes 0.50 allocations"},
	} {
		t.Run(name, func(t *testing.T) {
			c := cellOf(8, tt.rates)
			for i, s := range c.sides {
				if s.kind == ours {
					c.results[i].Allocs = tt.allocs
				}
			}
			b := &bench{T: t}
			b.checkNear(c)
			if tt.want == "" && len(b.broken) > 0 || tt.want != "" &&
				(len(b.broken) != 1 || !strings.Contains(b.broken[0], tt.want)) {
				t.Errorf("%q, want %q", b.broken, tt.want)
			}
		})
	}
}

func TestRatios(t *testing.T) {
	cells := []cell{
		cellOf(1, map[string]float64{"hand": 110, "plain": 100, "other": 120}),
		cellOf(64, map[string]float64{"hand": 110, "plain": 200, "other": 100}),
	}
	got := ratios(operations[0], cells).Markdown()
	for _, want := range []string{
		"a multiple of plain with",
		"\n- json 100B: at 1 **other** (1.20); at 64 plain (1.00)\n",
		"| Side  | Codec | Value |             at 1 |            at 64 |\n",
		"| other | json  | 100B  | 1.20 (1.20–1.20) | 0.50 (0.50–0.50) |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestVersions(t *testing.T) {
	got := versions()
	if !strings.Contains(got, "github.com/redis/rueidis v1.") ||
		strings.Contains(got, "activettl") || strings.Contains(got, "indirect") {
		t.Error(got)
	}
}
