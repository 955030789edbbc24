package faults

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

var (
	seedFlag = flag.Uint64("faults.seed", 0, "seed of the load; 0 for a new one in each run")
	soakFlag = flag.Duration("faults.soak", 0, "how long each fault is repeated; 0 for once")
)

const (
	healthy = 300 * time.Millisecond // before the fault, and at the end
	limit   = 250 * time.Millisecond // of an operation

	// patient is the limit in scenarios whose server always answers. It is so long that a busy
	// machine does not reach it; only a missing answer does.
	patient = 10 * time.Second

	// recovery is how long it may take until everything succeeds again: 1 s and slack. go-redis
	// tries once per second to reach a server that has refused as many connections as the pool has.
	recovery = time.Second + slack

	// slack is how late an operation may return after its deadline on a busy machine.
	slack = 250 * time.Millisecond

	// tries is how often a scenario that was late is played, because a busy machine may be late
	// once, or see too little of a fault. A wrong read fails the test at once.
	tries = 3

	// stall is a lag of the machine. If the lag is longer, an operation that reached its deadline
	// proves nothing about the cache.
	stall = 100 * time.Millisecond
)

// scenario is a fault under load.
type scenario struct {
	rdb     redis.UniversalClient
	seed    uint64        // of the load; 0 for the flag's
	limit   time.Duration // of an operation; 0 for the constant
	policy  ttl.Policy    // ttl.Active(5 minutes) if it is nil
	fault   func(l *load)
	sees    []string    // kinds of errors that callers may see; they must see the first one
	mayMiss bool        // records may be lost at any time
	moves   bool        // as in ledger
	again   func() bool // reports that the fault happened again by itself; may be nil
	noSweep bool        // no caller sweeps: a walk over a cluster tells the client its layout
	core    bool        // it is played with -short too
}

// run puts the scenario's cache under load and calls fault, which breaks the servers and returns
// when they work again.
func (s scenario) run(t *testing.T) {
	t.Helper()
	if testing.Short() && !s.core {
		t.Skip("-short plays other scenarios")
	}
	seed := cmp.Or(s.seed, *seedFlag, rand.Uint64())
	if s.policy == nil {
		s.policy = ttl.Active(5 * time.Minute)
	}
	for try := 1; ; try++ {
		late := s.play(t, seed)
		if len(late) == 0 || t.Failed() {
			return
		}
		if try == tries {
			t.Errorf("in each of %d tries:\n%s", tries, strings.Join(late, "\n"))
			return
		}
		t.Logf("once more, since a busy machine may be the cause:\n%s", strings.Join(late, "\n"))
	}
}

// play is one try. It returns the faults that a busy machine may have caused.
func (s scenario) play(t *testing.T, seed uint64) (late []string) {
	t.Helper()
	name := redistest.UniqueName(t)
	redistest.CheckKeys(t, s.rdb, name)
	l := &load{deadline: cmp.Or(s.limit, limit), seed: seed, ledger: newLedger(s.mayMiss),
		log: &log{}, source: &source{rows: map[string]Value{}}}
	for _, o := range ways(s.policy) {
		// If a loader answers while Redis is out, that says nothing about acknowledged writes. So
		// it is an error here.
		o.Load = cache.LoadConfig{Outage: cache.FailFast, Patience: l.deadline}
		c, err := cache.New[string](s.rdb, name, codec.JSON[Value]{}, o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		w := way{Cache: c}
		if o.Near != nil {
			w.staleness = o.Near.Staleness
		}
		l.caches = append(l.caches, w)
	}
	l.ledger.moves = s.moves
	machine := startControl(t)
	l.start(!s.noSweep)
	time.Sleep(healthy)
	if !s.noSweep {
		// A fault may leave the lease of a sweep in Redis, and then no pass succeeds for the rest
		// of the run.
		until(t, "a sweep succeeds", func(context.Context) bool { return l.log.sweeps() > 0 })
	}
	broken := time.Now()
	var healed time.Time
	for {
		s.fault(l)
		healed = time.Now()
		time.Sleep(recovery + healthy)
		if healed.Sub(broken) > *soakFlag {
			break
		}
	}
	l.stop()
	l.audit()
	if s.again != nil && s.again() {
		return []string{"the fault happened again by itself"}
	}
	return s.judge(t, l, broken, healed, machine.lag())
}

// ways returns options with this policy that make the cache send different commands, or send them
// in another way. The tolerance is so short that some renewals are due in every run.
func ways(policy ttl.Policy) []*cache.Options {
	terms := policy.Terms()
	ways := []*cache.Options{
		{TTL: policy, TrackAccess: !terms.Renews},
		{TTL: policy, TrackAccess: !terms.Renews, AutoPipeline: true},
	}
	near := &cache.Options{TTL: policy, TrackAccess: true}
	if terms.Renews {
		tolerant := ttl.Active(terms.TTL, ttl.Tolerance(50*time.Millisecond))
		ways = append(ways, &cache.Options{TTL: tolerant})
		near = &cache.Options{TTL: tolerant}
	}
	near.Near = &cache.Near{Staleness: staleness}
	return append(ways, near)
}

// judge reports what was wrong with a run and returns what was late. lag is the longest lag of the
// machine.
func (s scenario) judge(
	t *testing.T, l *load, broken, healed time.Time, lag time.Duration,
) (late []string) {
	t.Helper()
	complain := func(format string, args ...any) {
		const most = 10
		if len(late) < most {
			late = append(late, fmt.Sprintf(format, args...))
		}
	}
	if wrong := l.accusations(); wrong != "" {
		t.Error(wrong)
	}
	var first, last time.Duration // success and failure after the fault
	seen := map[string]int{}
	for _, e := range l.log.all() {
		begun, ended := e.begun.Sub(healed), e.begun.Add(e.took)
		if e.took > l.deadline+slack+lag {
			complain("an operation with a deadline of %v took %v: %v", l.deadline, e.took, e.err)
		}
		if e.kind == "" {
			if begun > 0 && first == 0 {
				first = ended.Sub(healed)
			}
			continue
		}
		last = max(last, begun)
		seen[e.kind]++
		if e.kind == deadline && lag > stall {
			continue
		}
		if ended.Before(broken) {
			complain("before the fault: %v", e.err)
		}
		if begun > recovery+lag {
			complain("%v after the fault: %v", begun, e.err)
		}
		if seen[e.kind] == 1 && !slices.Contains(s.sees, e.kind) {
			const unexplained = "an error of a kind that this fault does not explain, %q: %v"
			if e.kind == deadline {
				complain(unexplained, e.kind, e.err)
			} else {
				t.Errorf(unexplained, e.kind, e.err)
			}
		}
	}
	if len(s.sees) > 0 && seen[s.sees[0]] == 0 {
		complain("nobody saw an error of the kind %q", s.sees[0])
	}
	if first == 0 || first > time.Second+lag {
		complain("the first success came %v after the fault", first)
	}
	if hits, might := l.hits(); might && hits == 0 {
		complain("no read was answered from memory")
	}
	t.Logf("%v; first success %v after the fault, last failure %v; the machine lagged by %v",
		l, first.Round(time.Millisecond), last.Round(time.Millisecond), lag.Round(time.Millisecond))
	if t.Failed() || len(late) > 0 {
		t.Logf("to repeat: -faults.seed %d", l.seed)
	}
	return late
}
