package flight

import (
	"context"
	"sync"
)

// Group is the flights of one cache, by key. The zero Group is empty. It is safe for concurrent
// use.
type Group[T any] struct {
	mu      sync.Mutex
	flights map[string]*Flight[T]
}

// Flight is work for one key, for which callers wait.
type Flight[T any] struct {
	vertex
	group *Group[T]
	key   string
	run   *Run
	done  chan struct{} // closed by End
	off   chan struct{} // closed by Supersede

	// guarded by the group's mutex
	sent    int // commands that may decide the flight, and the call of the loader
	called  int // the value of sent when the loader was called
	waiters int
	ended   bool
	result  T
	early   bool // only callers that arrived before the loader was called share the result
}

// Ticket is the place of one caller in a flight.
type Ticket[T any] struct {
	flight  *Flight[T]
	arrived int
	first   bool
	blind   bool
}

// Join gives the caller a place in the flight of a key. If there is no flight, Join starts one for
// the given run and returns it. The caller must then make sure that the flight ends. blind says
// that the caller could not read the record before. The caller must call Wait or Leave.
func (g *Group[T]) Join(key string, run *Run, blind bool) (t Ticket[T], started *Flight[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.flights[key]; f != nil {
		f.waiters++
		return Ticket[T]{f, f.sent, false, blind}, nil
	}
	if g.flights == nil {
		g.flights = map[string]*Flight[T]{}
	}
	f := g.start(key, run)
	g.flights[key] = f
	return Ticket[T]{f, 0, true, blind}, f
}

// Alone starts a flight that nobody can join.
func (g *Group[T]) Alone(key string, run *Run) (Ticket[T], *Flight[T]) {
	f := g.start(key, run)
	return Ticket[T]{f, 0, true, false}, f
}

func (g *Group[T]) start(key string, run *Run) *Flight[T] {
	return &Flight[T]{
		group: g, key: key, run: run, waiters: 1,
		done: make(chan struct{}), off: make(chan struct{}),
	}
}

// Sending must be called before a command is sent whose outcome may decide the flight. Callers that
// arrive later do not share that outcome.
func (f *Flight[T]) Sending() {
	f.group.mu.Lock()
	f.sent++
	f.group.mu.Unlock()
}

// Calling must be called before the loader is called. It counts as a command.
func (f *Flight[T]) Calling() {
	f.group.mu.Lock()
	f.sent++
	f.called = f.sent
	f.group.mu.Unlock()
}

// End ends the flight. Callers share the result if they arrived before the last command, or are
// blind. With early, only callers that arrived before the loader was called share it. All others
// start over.
func (f *Flight[T]) End(result T, early bool) {
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	if f.ended {
		return
	}
	f.ended, f.result, f.early = true, result, early
	f.remove()
	close(f.done)
}

// Supersede says that the result of the loader will be out of date. Callers that arrived after the
// loader was called start over at once. The others still wait for the end.
func (f *Flight[T]) Supersede() {
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	select {
	case <-f.off:
	default:
		f.remove()
		close(f.off)
	}
}

func (f *Flight[T]) remove() {
	if f.group.flights[f.key] == f {
		delete(f.group.flights, f.key)
	}
}

// Abandoned ends the flight if nobody waits for it, and reports whether the flight has ended.
func (f *Flight[T]) Abandoned() bool {
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	if f.waiters == 0 && !f.ended {
		f.ended, f.early = true, true
		f.remove()
		close(f.done)
	}
	return f.ended
}

// Started reports whether the caller started the flight.
func (t Ticket[T]) Started() bool { return t.first }

// Wait waits until the flight ends and returns its result. again says that the caller must start
// over. The error is the error of ctx, or [ErrCircle].
func (t Ticket[T]) Wait(ctx context.Context) (result T, again bool, err error) {
	f := t.flight
	defer t.Leave()
	select {
	case <-f.done: // there is no wait, so no circle
		return t.outcome()
	default:
	}
	forget, err := wait(ctx, &f.vertex, f.run)
	if err != nil {
		return result, false, err
	}
	defer forget()
	off := f.off
	for {
		select {
		case <-f.done:
			return t.outcome()
		case <-off:
			if !t.early() {
				return result, true, nil
			}
			off = nil // the caller waits for the end
		case <-ctx.Done():
			return result, false, ctx.Err()
		}
	}
}

// early reports whether the caller arrived before the loader was called.
func (t Ticket[T]) early() bool {
	t.flight.group.mu.Lock()
	defer t.flight.group.mu.Unlock()
	return t.shares(true)
}

// shares reports whether the caller shares the result. early says that only early callers share it.
// The group must be locked.
func (t Ticket[T]) shares(early bool) bool {
	if early {
		return t.first || t.arrived < t.flight.called
	}
	return t.first || t.blind || t.arrived < t.flight.sent
}

// outcome returns what Wait returns after the flight has ended.
func (t Ticket[T]) outcome() (result T, again bool, err error) {
	f := t.flight
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	if !t.shares(f.early) {
		return result, true, nil
	}
	return f.result, false, nil
}

// Leave gives up the place. Wait does so too.
func (t Ticket[T]) Leave() {
	f := t.flight
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		select {
		case f.run.left <- struct{}{}:
		default:
		}
	}
}
