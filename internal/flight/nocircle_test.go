package flight

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// A loader that no longer waits closes no circle, even though the context of the load that it has
// started has its values.
func TestNoCircleAfterGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		a := flies(t, &g, "a", t.Context())
		b := flies(t, &g, "b", a.ctx)
		ended, cancel := context.WithCancel(a.ctx)
		cancel()
		if _, _, err := b.ticket.Wait(ended); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if got, err := b.asks(t, &g, "a"); got != "v" || err != nil {
				t.Errorf("b asks for a: %q, %v", got, err)
			}
		})
		synctest.Wait()
		a.over("v")
		wg.Wait()
		b.over("w")
	})
}

// A load that is over, as after its Timeout, closes no circle, even if its loader still runs.
func TestNoCircleWhenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		a, b := flies(t, &g, "a", t.Context()), flies(t, &g, "b", t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = a.asks(t, &g, "b") })
		c := flies(t, &g, "c", t.Context())
		wg.Go(func() { _, _ = c.asks(t, &g, "b") })
		synctest.Wait()
		c.load.Over() // and before End
		wg.Go(func() {
			if got, err := b.asks(t, &g, "c"); got != "c" || err != nil {
				t.Errorf("b asks for c: %q, %v", got, err)
			}
		})
		synctest.Wait()
		c.over("c")
		early := join(t, &g, "a", false)
		a.Sending()
		a.End("v", false) // and before Over
		if got, _, err := early.Wait(b.ctx); got != "v" || err != nil {
			t.Errorf("b asks for a flight that has ended: %q, %v", got, err)
		}
		a.load.Over()
		if Nested(a.ctx) || !Nested(b.ctx) || Nested(t.Context()) {
			t.Error("Nested does not know which load is over")
		}
		again := flies(t, &g, "a", t.Context())
		wg.Go(func() { // the loader of the first a asks for a
			if got, err := a.asks(t, &g, "a"); got != "w" || err != nil {
				t.Errorf("a asks for a: %q, %v", got, err)
			}
		})
		synctest.Wait()
		if again.urgent() {
			t.Error("a run is urgent for a load that is over")
		}
		wg.Go(func() {
			if got, err := b.asks(t, &g, "a"); got != "w" || err != nil {
				t.Errorf("b asks for a: %q, %v", got, err)
			}
			b.over("b")
		})
		synctest.Wait()
		again.over("w")
		wg.Wait()
	})
}

// A run becomes urgent when a loader waits for one of its flights, and not before.
func TestUrgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		a, b := flies(t, &g, "a", t.Context()), flies(t, &g, "b", t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { ends(t, "a caller", b.ticket, "v", false) })
		_, err := b.asks(t, &g, "b")
		circle(t, "b", err)
		synctest.Wait()
		if b.urgent() {
			t.Error("the run is urgent though no loader waits")
		}
		for range 2 {
			wg.Go(func() { _, _ = a.asks(t, &g, "b") })
			synctest.Wait()
			if !b.urgent() {
				t.Error("the run is not urgent though a loader waits")
			}
		}
		b.over("v")
		wg.Wait()
		a.over("")
	})
}
