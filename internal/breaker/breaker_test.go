package breaker

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown, errStill = errors.New("down"), errors.New("still down")

// allows checks the results of successive calls of Allow.
func allows(t *testing.T, b *Breaker[string], server string, want ...error) {
	t.Helper()
	for i, want := range want {
		if err := b.Allow(server); err != want {
			t.Errorf("call %d for %s: %v, want %v", i, server, err, want)
		}
	}
}

func out(t *testing.T, b *Breaker[string], server string, err error, wantNews bool) {
	t.Helper()
	if news := b.Out(server, err); news != wantNews {
		t.Errorf("Out of %s is news: %v, want %v", server, news, wantNews)
	}
	if b.Closed() {
		t.Error("the breaker is closed though a server is out")
	}
}

// While a server is out, one command in each Window may be sent to it.
func TestOneProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New[string]()
		if !b.Closed() {
			t.Error("a new Breaker is not closed")
		}
		allows(t, b, "s", nil, nil)
		out(t, b, "s", errDown, true)
		allows(t, b, "s", errDown, errDown)
		time.Sleep(Window - 1)
		allows(t, b, "s", errDown)
		time.Sleep(time.Nanosecond)
		allows(t, b, "s", nil, errDown, errDown)
		time.Sleep(Window / 2)
		out(t, b, "s", errStill, false) // the probe has failed: the next one is in a Window
		time.Sleep(Window - 1)
		allows(t, b, "s", errStill)
		time.Sleep(time.Nanosecond)
		allows(t, b, "s", nil, errStill)
		time.Sleep(10 * Window) // that probe has no outcome: one more is allowed
		allows(t, b, "s", nil, errStill)
	})
}

// If many callers ask at the same time, one of them may send.
func TestOneProbeOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New[string]()
		out(t, b, "s", errDown, true)
		for range 3 {
			time.Sleep(Window)
			var wg sync.WaitGroup
			var mu sync.Mutex
			allowed := 0
			for range 50 {
				wg.Go(func() {
					if b.Allow("s") == nil {
						mu.Lock()
						allowed++
						mu.Unlock()
					}
				})
			}
			if wg.Wait(); allowed != 1 {
				t.Errorf("%d commands may be sent, want 1", allowed)
			}
		}
	})
}

// A server that answers is no longer out, and the others stay out.
func TestWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New[string]()
		b.Well("a")
		out(t, b, "a", errDown, true)
		out(t, b, "b", errStill, true)
		allows(t, b, "c", nil, nil)
		b.Well("a")
		b.Well("a")
		allows(t, b, "a", nil, nil)
		allows(t, b, "b", errStill)
		if b.Closed() {
			t.Error("the breaker is closed though b is out")
		}
		b.Well("b")
		if !b.Closed() {
			t.Error("the breaker is not closed though all are well")
		}
		out(t, b, "a", errStill, true)
		allows(t, b, "a", errStill)
	})
}

// A server that is no longer tried is forgotten, since it may have left the cluster.
func TestForget(t *testing.T) {
	const last = Window + forgotten
	for name, ask := range map[string]func(b *Breaker[string]) bool{
		"by Allow": func(b *Breaker[string]) bool { return b.Allow("well") == nil && b.Closed() },
		"by Out": func(b *Breaker[string]) bool {
			return b.Out("b", errDown) && len(b.servers) == 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := New[string]()
				out(t, b, "a", errDown, true)
				time.Sleep(last)
				allows(t, b, "well", nil)
				out(t, b, "a", errStill, false) // it is still known
				time.Sleep(last + 1)
				if !ask(b) {
					t.Errorf("%d servers are out", len(b.servers))
				}
			})
		})
	}
}
