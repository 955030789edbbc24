package model

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

var (
	seedFlag = flag.Uint64("model.seed", 0, "seed of one history; 0 for new ones")
	forFlag  = flag.Duration("model.for", 500*time.Millisecond,
		"how long each fleet plays on each backend; a tenth with -short")
)

func TestMain(m *testing.M) { redistest.Main(m) }

// player plays a history in a new world.
type player func(t *testing.T, fleet []cache.Options, ops []op) (failed int, why string)

func TestMiniredis(t *testing.T) {
	redistest.NeedsMini(t)
	playAll(t, func(t *testing.T, fleet []cache.Options, ops []op) (failed int, why string) {
		synctest.Test(t, func(t *testing.T) {
			w := bubble(t)
			if fleet[0].Near != nil {
				ops = ops[:min(len(ops), 20)] // miniredis is asked each 15 s if it tracks
			}
			if failed, why = play(t, w, fleet, ops); w.hits > 0 {
				t.Errorf("%d reads were answered from memory, and miniredis tracks no keys", w.hits)
			}
		})
		return failed, why
	})
}

func TestServer(t *testing.T) {
	s := redistest.Start(t)
	hits, nears := int64(0), 0
	playAll(t, func(t *testing.T, fleet []cache.Options, ops []op) (failed int, why string) {
		t.Run("history", func(t *testing.T) {
			w := server(t, s)
			failed, why = play(t, w, fleet, ops)
			hits += w.hits
		})
		if fleet[0].Near != nil {
			nears++
		}
		return failed, why
	})
	t.Logf("%d reads were answered from memory in %d histories", hits, nears)
	if nears > 0 && hits == 0 && *seedFlag == 0 {
		t.Error("no read was answered from memory")
	}
}

// playAll plays random histories on each fleet.
func playAll(t *testing.T, play player) {
	atMost := *forFlag
	if testing.Short() {
		atMost /= 10
	}
	for name, fleet := range fleets {
		t.Run(name, func(t *testing.T) {
			n := 0
			for end := time.Now().Add(atMost); !t.Failed() && time.Now().Before(end); n++ {
				seed := *seedFlag
				if seed == 0 {
					seed = rand.Uint64()
				}
				r := rand.New(rand.NewPCG(seed, 0))
				ops := generate(r, len(fleet))
				if fleet[0].Near != nil {
					ops = readMore(r, ops, len(fleet))
				}
				if at, why := play(t, fleet, ops); why != "" {
					ops, why = shrink(ops[:at+1], why, func(ops []op) (int, string) {
						return play(t, fleet, ops)
					})
					t.Errorf("%s\n%sto repeat: -run '^%s$' -model.seed %d", why, written(ops),
						t.Name(), seed)
				}
				if *seedFlag != 0 {
					break
				}
			}
			t.Logf("%d histories", n)
		})
	}
}

// shrink reduces a history that fails to the ops that matter. A history that does not fail a second
// time depended on real time, and stays as it is.
func shrink(ops []op, why string, play func([]op) (int, string)) ([]op, string) {
	_, same := play(ops)
	for again := same != ""; again; {
		again = false
		for less := range simpler(ops) {
			if at, w := play(less); w != "" {
				ops, why, again = less[:at+1], w, true
				break
			}
		}
	}
	return ops, why
}

func written(ops []op) string {
	var b strings.Builder
	for i, o := range ops {
		fmt.Fprintf(&b, "%3d  %v\n", i, o)
	}
	return b.String()
}
