package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/sweep"
)

// errBroken replaces every error that is no decision of a cache.
var errBroken = errors.New("broken")

// decision returns the error of the cache that err wraps, such as ErrNotFound, or errBroken.
func decision(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{
		cache.ErrNotFound, cache.ErrExists, cache.ErrDecode, cache.ErrWrongType, cache.ErrConflict,
		cache.ErrMaxIdle, cache.ErrNotTracked, sweep.ErrBusy, errLoader,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errBroken
}

// history is a fleet, and all that its keys may hold.
type history struct {
	t    *testing.T
	w    *world
	all  []*member
	keys [keyCount][]state // never empty
	busy time.Duration     // until when a lost sweep may have the lease
	memory
}

// ctx does not end with a test, because its caches do not either.
var ctx = context.Background()

// play plays a history. It returns at which op it fails, and why; "" if it does not fail.
func play(t *testing.T, w *world, fleet []cache.Options, ops []op) (failed int, why string) {
	t.Helper()
	h := &history{t: t, w: w}
	for _, o := range fleet {
		h.all = append(h.all, newMember(t, w, h.all, o))
	}
	h.proofs()
	defer func() { w.hits = h.hits() }()
	for k := range h.keys {
		h.keys[k] = []state{{}}
	}
	for _, key := range strangers {
		if err := w.admin.Set(ctx, key, "stranger", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, o := range ops {
		before := h.keys
		if why := h.step(o); why != "" {
			return i, why
		}
		if why := h.audit(); why != "" {
			return i, why
		}
		h.replaced(before)
	}
	return 0, ""
}

// step plays one op.
func (h *history) step(o op) string {
	err := h.free(o)
	switch o.name {
	case "pass":
		err = h.w.pass(ctx, o.d)
		for _, m := range h.all {
			if h.w.real {
				m.out += o.d // an outage is measured in real time
			}
		}
		if o.n%4 == 0 {
			h.proofs() // otherwise copies have no proof, and reads ask Redis
		}
	case "drop":
		err = h.w.admin.Unlink(ctx, redisKey(o.keys[0])).Err()
		h.keys[o.keys[0]] = []state{{}}
	case "plant":
		var s state
		s, err = h.w.plant(ctx, o)
		h.keys[o.keys[0]] = []state{s}
	case "together":
		for _, part := range o.parts {
			if err := h.free(part); err != nil {
				h.t.Fatalf("%v: %v", o, err)
			}
		}
		return h.together(o.parts)
	default:
		if err != nil {
			h.t.Fatalf("%v: %v", o, err)
		}
		m := h.all[o.member]
		m.line.arm(o.fault)
		defer m.line.disarm()
		if slices.Contains(walks, o.name) {
			return h.walk(o, m)
		}
		return h.onKeys(o, m)
	}
	if err != nil {
		h.t.Fatalf("%v: %v", o, err)
	}
	return ""
}

// broke reports whether the fault of an op happened. It waits until all that was sent is executed.
func (h *history) broke(m *member) bool {
	broken := m.line.disarm()
	if broken {
		h.w.settle()
	}
	return broken
}

// onKeys plays an operation on one or several keys.
func (h *history) onKeys(o op, m *member) string {
	before := h.now()
	got, count := m.do(o, h.w)
	broken := h.broke(m)
	at := span{before.lo, h.now().hi}
	if broken && o.loads() {
		m.out = at.hi + outFor
	}
	var removed tally
	for i, k := range o.keys {
		got[i].at = at
		if got[i].err == errBroken && !broken {
			return fmt.Sprintf("key %d: it failed, and nothing was broken: %v", k, got[i].cause)
		}
		if got[i].unknown && !o.once() {
			return fmt.Sprintf("key %d: it may be sent again, and returned %v", k, got[i].cause)
		}
		may, there := h.after(o, m, k, got[i], broken)
		may = h.recalled(may, o, m, k, got[i])
		if len(may) == 0 {
			return fmt.Sprintf("key %d: it returned %v at %v; the key may have held %v", k, got[i],
				at, h.keys[k])
		}
		h.keys[k] = may
		removed.add(there)
		m.trust(o, k, at)
		m.learn(o, k, got[i].err)
		h.wrote(o, m, k, got[i])
	}
	if broken {
		removed.least = 0 // a try whose reply was lost may have removed it
	}
	if o.name == "DeleteMany" && !removed.has(count) {
		return fmt.Sprintf("it removed %d, not %v", count, removed)
	}
	return ""
}

// after returns what a key may hold after an operation on it, and whether there was a key before,
// as a tally.
func (h *history) after(o op, m *member, k int, got seen, broken bool) (may []state, there tally) {
	one := o
	one.keys = []int{k}
	there = undecided
	for _, old := range h.keys[k] {
		for _, s := range old.at(got.at) {
			there.see(s.kind != absent)
			if got.err == errBroken { // it may not have been executed
				may = add(may, s)
				if o.once() && !got.unknown && s.kind != hash {
					continue // what it had sent before writes nothing, and only removes a marker
				}
				if m.mini && m.Renews && s.kind == list && strings.HasPrefix(o.name, "Get") {
					s := s
					// miniredis sets the TTL before it refuses the type
					s.expires, s.cut = got.at.plus(m.TTL), false
					may = add(may, s)
				}
			}
			for _, out := range outcomes(one, m, s, got.at, broken) {
				next, ok := out.next, got.err == errBroken
				if !ok {
					next, ok = out.agrees(m, got)
				}
				if !ok {
					continue
				}
				// Its access may not be noted, and an older note may stay.
				if broken && next.kind != absent {
					next.used.lo, next.met.hi = min(s.used.lo, next.used.lo), never
					if s.kind == absent {
						next.used.lo = 0
					}
				}
				may = add(may, next)
			}
		}
	}
	return may, there
}

func add(all []state, s state) []state {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}

func (h *history) now() span { return h.w.during(func() {}) }

// together plays operations at the same time. It fails if in no order they would have returned what
// they did.
func (h *history) together(parts []op) string {
	got := make([]seen, len(parts))
	k := parts[0].keys[0]
	for _, o := range parts {
		h.all[o.member].unsure(k, slices.ContainsFunc(h.keys[k], func(s state) bool {
			return s.bad
		}))
	}
	before := h.now()
	var wg sync.WaitGroup
	for i, o := range parts {
		wg.Go(func() {
			all, _ := h.all[o.member].do(o, h.w)
			got[i] = all[0]
		})
	}
	wg.Wait()
	at := span{before.lo, h.now().hi}
	for i := range got {
		got[i].at = at
		if got[i].err == errBroken {
			return fmt.Sprintf("%v failed, and nothing was broken: %v", parts[i], got[i].cause)
		}
	}
	old := h.keys[k]
	var may []state
	for order := range permutations(len(parts)) {
		h.keys[k] = old
		for _, i := range order {
			m := h.all[parts[i].member]
			may, _ := h.after(parts[i], m, k, got[i], false)
			h.keys[k] = h.recalled(may, parts[i], m, k, got[i])
			h.between = append(h.between, h.keys[k]...)
		}
		for _, s := range h.keys[k] {
			may = add(may, s)
		}
	}
	h.keys[k] = may
	for _, o := range parts {
		h.all[o.member].trust(o, k, at)
	}
	if len(may) == 0 {
		return fmt.Sprintf("no order explains that they returned %v at %v; the key may have "+
			"held %v", got, at, old)
	}
	return ""
}

// audit looks at what the keys hold, and at the keys of other programs.
func (h *history) audit() string {
	held, now, err := h.w.look(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	for k := range h.keys {
		var may []state
		for _, old := range h.keys[k] {
			for _, s := range old.at(now) {
				if s, ok := s.agrees(h.w, held[k], now); ok {
					may = add(may, s)
				}
			}
		}
		if len(may) == 0 {
			return fmt.Sprintf("key %d holds %v at %v; it should hold %v", k, held[k], now,
				h.keys[k])
		}
		h.keys[k] = may
	}
	return h.w.strays()
}
