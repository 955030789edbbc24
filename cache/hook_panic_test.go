package cache_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// panicky is a Hook that panics at the start or end of one kind of operation, except when the
// operation's error is that panic.
type panicky struct {
	kind   string
	atEnd  bool
	panics chan struct{}
}

func (p panicky) Start(ctx context.Context, op cache.Op) context.Context {
	if op.Kind == p.kind && !p.atEnd {
		panic(errCallback)
	}
	return ctx
}

func (p panicky) End(_ context.Context, op cache.Op) {
	switch {
	case op.Kind != p.kind:
	case op.ErrorType == "panic" && op.Err != nil && op.Outcome == cache.OutcomeError:
		p.panics <- struct{}{}
	case p.atEnd:
		panic(errCallback)
	}
}

// balance is a Hook that counts the operations that have started but not ended.
type balance struct {
	mu   sync.Mutex
	open map[string]int
	all  map[string]int
}

func newBalance() *balance { return &balance{open: map[string]int{}, all: map[string]int{}} }

func (b *balance) note(kind string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[kind] += n
	b.all[kind]++
}

func (b *balance) Start(ctx context.Context, op cache.Op) context.Context {
	b.note(op.Kind, 1)
	return ctx
}

// check fails the test if any start has no end, or if no operation was of this kind.
func (b *balance) check(t *testing.T, where, kind string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for kind, n := range b.open {
		if n != 0 {
			t.Errorf("the Hook %s the panic got %d starts of %s without an end", where, n, kind)
		}
	}
	if b.all[kind] == 0 {
		t.Errorf("the Hook %s the panic got no %s", where, kind)
	}
}

func (b *balance) End(_ context.Context, op cache.Op) { b.note(op.Kind, -1) }

// If a Hook panics in the background, the program continues, and other Hooks get one End for each
// Start.
func TestHooksOfTheBackgroundInBalance(t *testing.T) {
	for name, tt := range map[string]struct {
		kind  string
		atEnd bool
	}{
		"a sweep starts": {"Sweep", false}, "a sweep ends": {"Sweep", true},
		"copies are refused, start": {"Near", false}, "copies are refused, end": {"Near", true},
		"a refresh starts": {"Refresh", false}, "a refresh ends": {"Refresh", true},
		"a load starts": {"Load", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
				if tt.kind == "Near" && b.Mini == nil {
					t.Skip("the server tracks keys")
				}
				before, after := newBalance(), newBalance()
				bad := panicky{tt.kind, tt.atEnd, make(chan struct{}, 1000)}
				o := fixed(ttl.Refresh(hour / 2))
				if tt.kind != "Refresh" {
					o.Near = &cache.Near{}
				}
				o.Sweeper = sweep.Periodic{Interval: 10 * time.Millisecond, MaxIdle: time.Minute}
				o.Hook = cache.Hooks(before, bad, after)
				u := newUsers(t, b, o)
				loader := func(context.Context, int64) (User, error) { return bob, nil }
				switch tt.kind {
				case "Load":
					if _, err := u.GetOrLoad(ctx(t), 1, loader); err == nil {
						t.Error("the panic is lost")
					}
				case "Refresh":
					u.set(1, ann)
					u.nearEnd(b, 1, hour/4)
					got, err := u.GetOrLoad(ctx(t), 1, loader)
					wantUser(t, got, err, ann)
					<-bad.panics
					soon(t, "the refresh", func() bool {
						got, err := u.Peek(ctx(t), 1)
						return err == nil && got.Name == "Bob"
					})
				default:
					<-bad.panics
				}
				must(t, u.Close())
				before.check(t, "before", tt.kind)
				if tt.kind != "Load" {
					after.check(t, "after", tt.kind)
				}
			})
		})
	}
}

// If a Hook panics when it is told of an outage, GetOrLoad does not fail.
func TestHookPanicsAtAnOutage(t *testing.T) {
	for name, atEnd := range map[string]bool{"start": false, "end": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := outages["LOADING"](t)
			h, bad := newBalance(), panicky{"Outage", atEnd, make(chan struct{}, 1000)}
			u := mustNew[int64](t, r.rdb, "users", jsonUsers,
				&cache.Options{Hook: cache.Hooks(h, bad)})
			r.begin()
			defer r.end()
			got, err := u.GetOrLoad(ctx(t), 1, func(context.Context, int64) (User, error) {
				return ann, nil
			})
			wantUser(t, got, err, ann)
			<-bad.panics
			must(t, u.Close())
			h.check(t, "before", "Outage")
		})
	}
}
