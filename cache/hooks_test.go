package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
)

// namedHook records its calls, and may panic.
type namedHook struct {
	name   string
	told   *[]string
	panics string // at "start" or "end"
	none   bool   // Start returns no context
}

func (h namedHook) note(ctx context.Context, moment string) {
	names, _ := ctx.Value(startKey{}).(string)
	*h.told = append(*h.told, fmt.Sprintf("%s %s %s", h.name, moment, names))
	if h.panics == moment {
		panic(h.name)
	}
}

func (h namedHook) Start(ctx context.Context, _ cache.Op) context.Context {
	h.note(ctx, "start")
	if h.none {
		return nil
	}
	names, _ := ctx.Value(startKey{}).(string)
	return context.WithValue(ctx, startKey{}, names+h.name)
}

func (h namedHook) End(ctx context.Context, _ cache.Op) { h.note(ctx, "end") }

// Start calls Hooks in order, End in reverse order, also if one of them panics.
func TestHooksInOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		hooks func(told *[]string) cache.Hook
		want  []string
		panic any
	}{
		"order": {func(told *[]string) cache.Hook {
			return cache.Hooks(namedHook{name: "a", told: told},
				cache.Hooks(namedHook{name: "b", told: told, none: true}, nil),
				namedHook{name: "c", told: told})
		}, []string{"a start ", "b start a", "c start a", "c end ac", "b end ac", "a end ac"}, nil},
		"a panic at the end": {func(told *[]string) cache.Hook {
			return cache.Hooks(namedHook{name: "a", told: told},
				namedHook{name: "b", told: told, panics: "end"})
		}, []string{"a start ", "b start a", "b end ab", "a end ab"}, "b"},
		"a panic at the start": {func(told *[]string) cache.Hook {
			return cache.Hooks(namedHook{name: "a", told: told},
				namedHook{name: "b", told: told, panics: "start"}, namedHook{name: "c", told: told})
		}, []string{"a start ", "b start a", "a end a"}, "b"},
		"one": {func(told *[]string) cache.Hook {
			return cache.Hooks(nil, namedHook{name: "a", told: told})
		}, []string{"a start ", "a end a"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
				var told []string
				u := newUsers(t, b, &cache.Options{Hook: tt.hooks(&told)})
				func() {
					defer func() {
						if p := recover(); p != tt.panic {
							t.Errorf("the caller recovers %v, want %v", p, tt.panic)
						}
					}()
					_, _ = u.Get(ctx(t), 1)
				}()
				if !slices.Equal(told, tt.want) {
					t.Errorf("calls are %q, want %q", told, tt.want)
				}
			})
		})
	}
	if cache.Hooks() != nil || cache.Hooks(nil, nil) != nil {
		t.Error("Hooks without hooks is not nil")
	}
}

// watcher is a StatsHook and a SizeHook.
type watcher struct {
	recorder
	stats   func() cache.Stats
	watched string
	stopped atomic.Int64
	sizes   sync.Map // of "cache read" and "cache write": *atomic.Int64
}

func (w *watcher) Watch(cache string, stats func() cache.Stats) func() {
	w.watched, w.stats = cache, stats
	return func() { w.stopped.Add(1) }
}

func (w *watcher) add(what string, bytes int) {
	n, _ := w.sizes.LoadOrStore(what, &atomic.Int64{})
	n.(*atomic.Int64).Add(int64(bytes))
}

func (w *watcher) ReadSize(cache string, bytes int)  { w.add(cache+" read", bytes) }
func (w *watcher) WriteSize(cache string, bytes int) { w.add(cache+" write", bytes) }

func (w *watcher) size(what string) int64 {
	n, ok := w.sizes.Load(what)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

func TestStatsHook(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		one, two := &watcher{}, &watcher{}
		u := newUsers(t, b, &cache.Options{
			Hook: cache.Hooks(one, namedHook{told: &[]string{}}, two), Namespace: "shop/",
		})
		for _, w := range []*watcher{one, two} {
			if w.watched != u.Name() || w.stats() != u.Stats() || w.stopped.Load() != 0 {
				t.Errorf("watches %q: %+v", w.watched, w.stats())
			}
		}
		must(t, u.Close())
		must(t, u.Close())
		for _, w := range []*watcher{one, two} {
			if n := w.stopped.Load(); n != 1 {
				t.Errorf("the function that Watch returned was called %d times", n)
			}
		}
	})
}

// A SizeHook gets the size of each value sent to or received from Redis, and of no other.
func TestSizeHook(t *testing.T) {
	type texts = *cache.Cache[string, string]
	value := strings.Repeat("v", 100)
	loader := func(context.Context, string) (string, error) { return value, nil }
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, tt := range map[string]struct {
			do          func(c texts)
			read, write int64 // values of 100 bytes
		}{
			"Set":     {func(c texts) { must(t, c.Set(ctx(t), "k", value)) }, 0, 1},
			"Add":     {func(c texts) { must(t, c.Add(ctx(t), "new", value)) }, 0, 1},
			"Get":     {func(c texts) { _, _ = c.Get(ctx(t), "k") }, 1, 0},
			"a miss":  {func(c texts) { _, _ = c.Get(ctx(t), "none") }, 0, 0},
			"Peek":    {func(c texts) { _, _ = c.Peek(ctx(t), "k") }, 1, 0},
			"GetMany": {func(c texts) { _, _ = c.GetMany(ctx(t), []string{"k", "none"}) }, 1, 0},
			"SetMany": {func(c texts) {
				must(t, c.SetMany(ctx(t), map[string]string{"k": value, "l": value}))
			}, 0, 2},
			"Modify": {func(c texts) {
				_, err := c.Modify(ctx(t), "k", func(v string) (string, error) {
					return v[1:] + "x", nil
				})
				must(t, err)
			}, 1, 1},
			"All": {func(c texts) {
				for range c.All(ctx(t)) {
				}
			}, 1, 0},
			"GetOrLoad": {func(c texts) {
				_, err := c.GetOrLoad(ctx(t), "loaded", loader)
				must(t, err)
			}, 0, 1},
			"GetOrLoad of a hit": {func(c texts) {
				_, err := c.GetOrLoad(ctx(t), "k", loader)
				must(t, err)
			}, 1, 0},
		} {
			w := &watcher{}
			c := mustNew[string](t, b.Client, b.Name(), codec.String{}, &cache.Options{Hook: w})
			must(t, c.Set(ctx(t), "k", value))
			w.sizes.Clear()
			tt.do(c)
			read, write := w.size(c.Name()+" read"), w.size(c.Name()+" write")
			if read != 100*tt.read || write != 100*tt.write {
				t.Errorf("%s: %d bytes read and %d written, want %d and %d values of 100", name,
					read, write, tt.read, tt.write)
			}
		}
	})
}

// A sweep that no process makes is overdue.
func TestSweepOverdue(t *testing.T) {
	s := redistest.Start(t)
	hook := make(passes, 1000)
	u := mustNew[int64](t, s.Client(t, func(o *redis.UniversalOptions) {
		o.DialerRetries, o.MaxRetries = 1, -1
	}), "users", jsonUsers, periodic(active(), hook,
		sweep.Periodic{Interval: 20 * time.Millisecond, MaxIdle: time.Minute}))
	for range 3 {
		if op := hook.next(t); op.Err != nil {
			t.Error(op.Err)
		}
	}
	s.Kill()
	soon(t, "an overdue sweep", func() bool {
		return u.Stats().Sweep.Overdue > 200*time.Millisecond
	})
	s.Restart(t)
	soon(t, "a sweep in time", func() bool { return u.Stats().Sweep.Overdue == 0 })

	another := mustNew[int64](t, s.Client(t), "others", jsonUsers, nil)
	if d := another.Stats().Sweep.Overdue; d != -1 {
		t.Errorf("without a Sweeper, Overdue is %v, want -1", d)
	}
}
