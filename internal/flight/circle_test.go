package flight

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

// work is a flight, its run, and the load that works for it.
type work struct {
	*Flight[string]
	run    *Run
	ticket Ticket[string]
	load   *Load
	ctx    context.Context // of the loader
}

// flies starts a flight for a caller with the context caller, and a load that works for the flight.
func flies(t *testing.T, g *Group[string], key string, caller context.Context) *work {
	t.Helper()
	w := &work{run: NewRun(), load: &Load{}}
	w.ticket, w.Flight = g.Join(key, w.run, false)
	if w.Flight == nil {
		t.Fatalf("there is a flight of %s", key)
	}
	Works(w.load, w.Flight)
	w.ctx = Context(context.WithoutCancel(caller), w.load)
	return w
}

// asks makes the loader of w wait for a flight.
func (w *work) asks(t *testing.T, g *Group[string], key string) (result string, err error) {
	ticket := join(t, g, key, false)
	result, _, err = ticket.Wait(w.ctx)
	return result, err
}

// over ends a load, and ends its flight with this result.
func (w *work) over(result string) {
	w.Sending()
	w.End(result, false)
	w.load.Over()
}

func (w *work) urgent() bool {
	select {
	case <-w.run.Urgent():
		return true
	default:
		return false
	}
}

// circle requires ErrCircle.
func circle(t *testing.T, who string, err error) {
	t.Helper()
	if err != ErrCircle {
		t.Errorf("%s: %v, want ErrCircle", who, err)
	}
}

// A loader that asks for the record that it loads gets ErrCircle. Other callers go on waiting.
func TestSelf(t *testing.T) {
	var g Group[string]
	a := flies(t, &g, "a", t.Context())
	_, err := a.asks(t, &g, "a")
	circle(t, "a", err)
	follower := join(t, &g, "a", false)
	a.over("v")
	ends(t, "a follower", follower, "v", false)
	ends(t, "the first", a.ticket, "v", false)
}

// If loaders ask for each other's records in a ring, the wait that closes the ring fails. It does
// not matter which wait that is. The others go on.
func TestRing(t *testing.T) {
	for _, keys := range [][]string{{"a", "b"}, {"a", "b", "c"}} {
		for last := range keys {
			synctest.Test(t, func(t *testing.T) {
				var g Group[string]
				all := make([]*work, len(keys))
				for i, key := range keys {
					all[i] = flies(t, &g, key, t.Context())
				}
				var wg sync.WaitGroup
				asks := func(i int) error {
					_, err := all[i].asks(t, &g, keys[(i+1)%len(keys)])
					all[i].over(keys[i])
					return err
				}
				for i := range keys {
					if i != last {
						wg.Go(func() {
							if err := asks(i); err != nil {
								t.Errorf("the loader of %s: %v", keys[i], err)
							}
						})
					}
				}
				synctest.Wait()
				circle(t, "the last", asks(last))
				wg.Wait()
				for i, w := range all {
					ends(t, "a caller", w.ticket, keys[i], false)
				}
			})
		}
	}
}

// A loader of many records gets ErrCircle if any of its flights is in the circle.
func TestBatchCircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		batch, single := flies(t, &g, "a", t.Context()), flies(t, &g, "c", t.Context())
		_, b := g.Join("b", batch.run, false)
		Works(batch.load, b)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = batch.asks(t, &g, "c") })
		synctest.Wait()
		_, err := single.asks(t, &g, "b")
		circle(t, "c, which asks for b", err)
		single.over("v")
		wg.Wait()
		b.End("", false)
		batch.over("v")
	})
}

// A loader that waits for a flight twice and gives up one wait still waits for it.
func TestTwoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		a, b := flies(t, &g, "a", t.Context()), flies(t, &g, "b", t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = a.asks(t, &g, "b") })
		impatient, cancel := context.WithCancel(a.ctx)
		ticket := join(t, &g, "b", false)
		wg.Go(func() { _, _, _ = ticket.Wait(impatient) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		_, err := b.asks(t, &g, "a")
		circle(t, "b", err)
		b.over("v")
		wg.Wait()
		a.over("v")
	})
}

// The search visits each flight once, even if very many paths lead to it.
func TestManyWays(t *testing.T) {
	var g Group[string]
	waits := func(w, on *work) {
		if _, err := wait(w.ctx, &on.vertex, on.run); err != nil {
			t.Error(err)
		}
	}
	first := flies(t, &g, "first", t.Context())
	left, right := first, first
	for i := range 60 { // 2 to the 60 paths
		l := flies(t, &g, fmt.Sprint("l", i), t.Context())
		r := flies(t, &g, fmt.Sprint("r", i), t.Context())
		for _, w := range []*work{l, r} {
			waits(w, left)
			waits(w, right)
		}
		left, right = l, r
	}
	waits(flies(t, &g, "last", t.Context()), left)
	_, err := wait(first.ctx, &left.vertex, left.run)
	circle(t, "the first", err)
}

// Two paths to the same flight are no circle.
func TestDiamond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		top := flies(t, &g, "top", t.Context())
		left, right := flies(t, &g, "left", top.ctx), flies(t, &g, "right", top.ctx)
		bottom := flies(t, &g, "bottom", left.ctx)
		var wg sync.WaitGroup
		asks := func(w *work, key string) {
			wg.Go(func() {
				if got, err := w.asks(t, &g, key); got != key || err != nil {
					t.Errorf("%s: %q, %v", key, got, err)
				}
			})
			synctest.Wait()
		}
		asks(top, "left")
		asks(top, "right")
		asks(top, "left") // twice
		asks(left, "bottom")
		asks(right, "bottom")
		bottom.over("bottom")
		left.over("left")
		right.over("right")
		wg.Wait()
		if len(top.load.waits) != 0 {
			t.Errorf("%d waits are left", len(top.load.waits))
		}
		top.over("top")
	})
}
