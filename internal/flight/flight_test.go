package flight

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// start starts a flight in a group.
func start(t *testing.T, g *Group[string], key string) (Ticket[string], *Flight[string]) {
	t.Helper()
	ticket, f := g.Join(key, NewRun(), false)
	if f == nil || !ticket.Started() || f.key != key {
		t.Fatalf("no flight of %s was started", key)
	}
	return ticket, f
}

// join joins a flight that is under way.
func join(t *testing.T, g *Group[string], key string, blind bool) Ticket[string] {
	t.Helper()
	ticket, f := g.Join(key, NewRun(), blind)
	if f != nil || ticket.Started() {
		t.Fatalf("a second flight of %s was started", key)
	}
	return ticket
}

// ends waits for a flight that has ended.
func ends(t *testing.T, who string, ticket Ticket[string], want string, wantAgain bool) {
	t.Helper()
	got, again, err := ticket.Wait(t.Context())
	if got != want || again != wantAgain || err != nil {
		t.Errorf("%s: %q, again: %v, %v; want %q, %v", who, got, again, err, want, wantAgain)
	}
}

// Callers share the result if they arrived before the deciding command was sent.
func TestSharing(t *testing.T) {
	type caller struct {
		sends int // before it arrives
		blind bool
		again bool
	}
	for name, c := range map[string]struct {
		callers []caller
		sends   int // how many the flight sends in all
		call    int // which of them is the call of the loader
		early   bool
	}{
		"before a command": {[]caller{{sends: 0}, {sends: 0}}, 1, 0, false},
		"after it":         {[]caller{{sends: 1, again: true}}, 1, 0, false},
		"between two":      {[]caller{{sends: 0}, {sends: 1}}, 2, 0, false},
		"after the second": {[]caller{{sends: 1}, {sends: 2, again: true}}, 2, 0, false},
		"without any":      {[]caller{{sends: 0, again: true}}, 0, 0, false},
		"a loader decides": {[]caller{{sends: 0}, {sends: 1, again: true}}, 1, 1, false},
		"early":            {[]caller{{sends: 1}, {sends: 2, again: true}}, 3, 2, true},
		"early, no loader": {[]caller{{sends: 0, again: true}}, 2, 0, true},
		"blind, after it": {[]caller{{sends: 1, blind: true}, {sends: 1, again: true}}, 1, 0,
			false},
		"blind, without any": {[]caller{{sends: 0, blind: true}}, 0, 0, false},
		"blind, not early":   {[]caller{{sends: 1, blind: true, again: true}}, 2, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			var g Group[string]
			first, f := start(t, &g, "k")
			tickets := make([]Ticket[string], len(c.callers))
			for sent := 0; sent <= c.sends; sent++ {
				switch {
				case sent > 0 && sent == c.call:
					f.Calling()
				case sent > 0:
					f.Sending()
				}
				for i, caller := range c.callers {
					if caller.sends == sent {
						tickets[i] = join(t, &g, "k", caller.blind)
					}
				}
			}
			f.End("v", c.early)
			ends(t, "the first", first, "v", false)
			for i, caller := range c.callers {
				want := "v"
				if caller.again {
					want = ""
				}
				ends(t, "a follower", tickets[i], want, caller.again)
			}
		})
	}
}

// A flight ends once. The next caller starts another one.
func TestEnd(t *testing.T) {
	var g Group[string]
	first, f := start(t, &g, "k")
	_, other := start(t, &g, "another")
	f.End("v", false)
	f.End("w", true)
	f.Sending()
	ends(t, "the first", first, "v", false)
	second, next := start(t, &g, "k")
	f.End("x", false) // must not end the next flight
	late := join(t, &g, "k", false)
	next.Sending()
	next.End("y", false)
	ends(t, "the first of the second", second, "y", false)
	ends(t, "a follower of the second", late, "y", false)
	other.End("", false)
	if len(g.flights) != 0 {
		t.Errorf("%d flights are left", len(g.flights))
	}
}

// If a flight is out of date, callers that came after the loader was called leave it and start
// another one.
func TestSupersede(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		first, f := start(t, &g, "k")
		early := join(t, &g, "k", false)
		f.Calling()
		follower := join(t, &g, "k", false)
		var wg sync.WaitGroup
		var ended atomic.Int32
		left := false
		for who, ticket := range map[string]Ticket[string]{"the first": first, "early": early} {
			wg.Go(func() {
				ends(t, who, ticket, "v", false)
				ended.Add(1)
			})
		}
		wg.Go(func() {
			ends(t, "a follower", follower, "", true)
			left = true
		})
		synctest.Wait()
		f.Supersede()
		f.Supersede()
		synctest.Wait()
		if ended.Load() > 0 || !left {
			t.Errorf("%d who came early have left; a late one: %v", ended.Load(), left)
		}
		next, newer := start(t, &g, "k")
		f.Sending()
		f.End("v", true)
		wg.Wait()
		late := join(t, &g, "k", false)
		newer.Sending()
		newer.End("w", false)
		ends(t, "the first of the second", next, "w", false)
		ends(t, "a follower of the second", late, "w", false)
	})
}

// Nobody joins a flight of Alone, and its end does not end another flight.
func TestAlone(t *testing.T) {
	var g Group[string]
	alone, f := g.Alone("k", NewRun())
	ticket, shared := start(t, &g, "k")
	f.Supersede()
	f.End("a", false)
	ends(t, "the caller", alone, "a", false)
	follower := join(t, &g, "k", false)
	shared.Sending()
	shared.End("b", false)
	ends(t, "the first", ticket, "b", false)
	ends(t, "a follower", follower, "b", false)
	if alone, f = g.Alone("k", NewRun()); !alone.Started() || len(g.flights) != 0 {
		t.Error("a flight alone can be joined")
	}
	alone.Leave()
	if !f.Abandoned() {
		t.Error("it is not abandoned")
	}
}

// A flight is abandoned when its last caller has left. Left of its run then receives a value.
func TestAbandoned(t *testing.T) {
	var g Group[string]
	run := NewRun()
	first, f := g.Join("k", run, false)
	follower := join(t, &g, "k", false)
	told := func() bool {
		select {
		case <-run.Left():
			return true
		default:
			return false
		}
	}
	first.Leave()
	if f.Abandoned() || told() {
		t.Error("it is abandoned though one waits")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := follower.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the follower got %v", err)
	}
	if !told() {
		t.Error("the run is not told that the last caller has left")
	}
	back := join(t, &g, "k", false) // before the run calls Abandoned
	if f.Abandoned() {
		t.Error("it is abandoned though one has come back")
	}
	back.Leave()
	for range 2 {
		if !f.Abandoned() {
			t.Error("it is not abandoned")
		}
	}
	f.Sending()
	f.End("late", false)
	_, next := start(t, &g, "k")
	next.End("", false)

	ticket, f := start(t, &g, "k")
	f.End("v", false)
	if !f.Abandoned() {
		t.Error("a flight that has ended may go on")
	}
	ends(t, "the first", ticket, "v", false)
}

// Each caller waits until its own context ends. The flight goes on.
func TestContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string]
		first, f := start(t, &g, "k")
		follower, patient := join(t, &g, "k", false), join(t, &g, "k", false)
		begun := time.Now()
		var wg sync.WaitGroup
		gives := func(ticket Ticket[string], d time.Duration) {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), d)
				defer cancel()
				_, again, err := ticket.Wait(ctx)
				if again || err != context.DeadlineExceeded || time.Since(begun) != d {
					t.Errorf("again: %v, %v after %v", again, err, time.Since(begun))
				}
			})
		}
		gives(first, time.Second)
		gives(follower, 2*time.Second)
		time.Sleep(time.Minute)
		if f.Abandoned() {
			t.Error("the flight has ended with its first caller")
		}
		f.Sending()
		f.End("v", false)
		wg.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if got, again, err := patient.Wait(ended); got != "v" || again || err != nil {
			t.Errorf("a result that is there: %q, %v, %v", got, again, err)
		}
	})
}

// With many callers at the same time, each gets the result of its flight or starts over.
func TestRace(t *testing.T) {
	var g Group[string]
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for {
				ticket, f := g.Join("k", NewRun(), false)
				if f != nil {
					wg.Go(func() {
						f.Sending()
						f.Supersede()
						f.Sending()
						f.End("v", false)
						f.Abandoned()
					})
				}
				got, again, err := ticket.Wait(t.Context())
				if again {
					continue
				}
				if got != "v" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
				return
			}
		})
	}
	wg.Wait()
	if len(g.flights) != 0 {
		t.Errorf("%d flights are left", len(g.flights))
	}
}
