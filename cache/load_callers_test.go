package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// Each caller obeys its own context. The load continues after all callers have left, and later
// callers get its record.
func TestCallersLeave(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		s := stoppedSource(map[int64]User{1: ann})
		gone, leave := context.WithCancel(ctx(t))
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := u.GetOrLoad(gone, 1, s.user)
				wantErr(t, err, context.Canceled, "GetOrLoad", "1")
			})
		}
		<-s.started
		leave()
		wg.Wait()
		close(s.resume)
		soon(t, "the record", func() bool { _, err := u.Peek(ctx(t), 1); return err == nil })
		got, err := u.GetOrLoad(ctx(t), 1, s.user)
		wantUser(t, got, err, ann)
		s.wantLoads(t, 1)
	})
}

// A loader's context has the values of the first caller's context, but not its deadline or
// cancellation.
func TestLoaderContext(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) { testLoaderContext(t, b) })
}

func testLoaderContext(t *testing.T, b *redistest.Backend) {
	u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{Timeout: hour}})
	type key struct{}
	asked, cancel := context.WithTimeout(context.WithValue(ctx(t), key{}, "value"), time.Minute)
	defer cancel()
	ended := make(chan struct{})
	_, err := u.GetOrLoad(asked, 1, func(ctx context.Context, _ int64) (User, error) {
		defer close(ended)
		if v := ctx.Value(key{}); v != "value" {
			t.Errorf("the loader's context has %v", v)
		}
		if d, ok := ctx.Deadline(); !ok || time.Until(d) < 50*time.Minute {
			t.Errorf("the loader has until %v, %v", d, ok)
		}
		cancel()
		if ctx.Err() != nil {
			t.Error("the loader's context ends with the caller's")
		}
		return ann, nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-ended
}

// At the timeout, all callers get an error even if the loader does not return. The next call loads
// at once.
func TestLoadTimeout(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, &cache.Options{Load: cache.LoadConfig{
			Timeout: 50 * time.Millisecond, Lease: hour,
		}})
		late := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := u.GetOrLoad(ctx(t), 1, func(context.Context, int64) (User, error) {
					<-late // ignores its context
					return bob, nil
				})
				wantErr(t, err, cache.ErrLoadTimeout, "GetOrLoad", "1")
			})
		}
		wg.Wait()
		got, err := u.GetOrLoad(ctx(t), 1, newSource(map[int64]User{1: ann}).user)
		wantUser(t, got, err, ann)
		close(late)
		got, err = u.GetOrLoad(ctx(t), 1, newSource(nil).user)
		wantUser(t, got, err, ann)
	})
}

// If a loader fails, panics or calls runtime.Goexit, all waiting callers get an error. The lease is
// released, and the next call loads.
func TestBadLoaders(t *testing.T) {
	boom := errors.New("boom")
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, tt := range map[string]struct {
			load func() (User, error)
			is   func(error) bool
		}{
			"error": {func() (User, error) { return ann, boom },
				func(err error) bool { return errors.Is(err, boom) }},
			"panic": {func() (User, error) { panic(boom) },
				func(err error) bool {
					panicked, ok := errors.AsType[*cache.PanicError](err)
					return ok && panicked.Value == boom &&
						strings.Contains(string(panicked.Stack), "TestBadLoaders")
				}},
			"panic with ErrNotFound": {func() (User, error) { panic(cache.ErrNotFound) },
				func(err error) bool {
					return errors.As(err, new(*cache.PanicError)) &&
						!errors.Is(err, cache.ErrNotFound)
				}},
			"panic(nil)": {func() (User, error) { panic(nil) },
				func(err error) bool { return errors.As(err, new(*cache.PanicError)) }},
			"Goexit": {func() (User, error) { runtime.Goexit(); return ann, nil },
				func(err error) bool { return strings.Contains(err.Error(), "runtime.Goexit") }},
		} {
			t.Run(name, func(t *testing.T) {
				u := newUsers(t, b, &cache.Options{
					Load: cache.LoadConfig{Lease: hour, Absent: hour},
				})
				start := make(chan struct{})
				bad := func(context.Context, int64) (User, error) { <-start; return tt.load() }
				var wg sync.WaitGroup
				for range 5 {
					wg.Go(func() {
						_, err := u.GetOrLoad(ctx(t), 1, bad)
						if err == nil || !tt.is(err) {
							t.Errorf("GetOrLoad gives %v", err)
						}
					})
					wg.Go(func() {
						_, err := u.GetOrLoadMany(ctx(t), []int64{2, 3},
							func(ctx context.Context, _ []int64) (map[int64]User, error) {
								v, err := bad(ctx, 0)
								return map[int64]User{4: v}, err
							})
						if err == nil || !tt.is(err) {
							t.Errorf("GetOrLoadMany gives %v", err)
						}
					})
				}
				close(start)
				wg.Wait()
				u.set(5, bob)
				if _, err := u.Reload(ctx(t), 5, bad); err == nil || !tt.is(err) {
					t.Errorf("Reload gives %v", err)
				}
				got, err := u.Get(ctx(t), 5)
				wantUser(t, got, err, bob)
				s := newSource(map[int64]User{1: ann, 2: ann, 3: bob})
				got, err = u.GetOrLoad(ctx(t), 1, s.user)
				wantUser(t, got, err, ann)
				many, err := u.GetOrLoadMany(ctx(t), []int64{2, 3}, s.users)
				if len(many) != 2 || err != nil {
					t.Errorf("afterwards GetOrLoadMany gives %v, %v", many, err)
				}
			})
		}
	})
}

// If a loader returns nil, callers get ErrNilValue, and no record is stored.
func TestLoaderReturnsNil(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		c := mustNew[int64](t, b.Client, b.Name(), codec.JSON[*User]{}, nil)
		v, err := c.GetOrLoad(ctx(t), 1, func(context.Context, int64) (*User, error) {
			return nil, nil
		})
		if v != nil || !errors.Is(err, cache.ErrNilValue) {
			t.Errorf("GetOrLoad gives %v, %v", v, err)
		}
		all, err := c.GetOrLoadMany(ctx(t), []int64{1, 2},
			func(context.Context, []int64) (map[int64]*User, error) {
				return map[int64]*User{1: nil, 2: &ann}, nil
			})
		if len(all) != 1 || all[2].Name != "Ann" || !errors.Is(err, cache.ErrNilValue) {
			t.Errorf("GetOrLoadMany gives %v, %v", all, err)
		}
		if _, err := c.GetOrLoad(ctx(t), 1, nil); err == nil {
			t.Error("GetOrLoad accepts a nil loader")
		}
		if _, err := c.GetOrLoadMany(ctx(t), []int64{1}, nil); err == nil {
			t.Error("GetOrLoadMany accepts a nil loader")
		}
		if _, err := c.Reload(ctx(t), 1, nil); err == nil {
			t.Error("Reload accepts a nil loader")
		}
	})
}

// Callers share no memory with each other or with the loader.
func TestCallersGetTheirOwnValue(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		loaded := User{Name: "Ann", Tags: []string{"admin"}}
		resume := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				got, err := u.GetOrLoad(ctx(t), 1, func(context.Context, int64) (User, error) {
					<-resume
					return loaded, nil
				})
				if err != nil || len(got.Tags) != 1 || got.Tags[0] != "admin" {
					t.Errorf("got %v, %v", got, err)
					return
				}
				got.Tags[0] = fmt.Sprint(i) // the race detector would report sharing too
			})
		}
		close(resume)
		wg.Wait()
		if loaded.Tags[0] != "admin" {
			t.Error("a caller has changed the loader's value")
		}
	})
}

// A value that cannot be stored is returned to all waiting callers, and not stored.
func TestUnstorableValues(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		h := &recorder{}
		c := mustNew[int64](t, b.Client, b.Name(), codec.JSON[map[string]any]{},
			&cache.Options{MaxValueBytes: 100, Hook: h})
		for name, v := range map[string]any{
			"no JSON": func() {}, "too large": strings.Repeat("x", 200),
		} {
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					got, err := c.GetOrLoad(ctx(t), 1,
						func(context.Context, int64) (map[string]any, error) {
							return map[string]any{"v": v}, nil
						})
					if err != nil || got["v"] == nil {
						t.Errorf("%s: got %v, %v", name, got, err)
					}
				})
			}
			wg.Wait()
			if _, err := c.Peek(ctx(t), 1); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("%s: Peek gives %v", name, err)
			}
		}
		if n := h.sum("Load").Unstored; n < 2 {
			t.Errorf("the Hook counts %d unstored values, want 2", n)
		}
	})
}

// Callers with deadlines shorter than the loader fail at first. A later caller hits.
func TestDeadlinesBelowTheLoader(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		s := stoppedSource(map[int64]User{1: ann})
		wave := func() {
			short, cancel := context.WithTimeout(ctx(t), 20*time.Millisecond)
			defer cancel()
			if _, err := u.GetOrLoad(short, 1, s.user); err == nil {
				t.Error("a wave has a value")
			}
		}
		soon(t, "a load", func() bool { // a busy machine may take longer than 20 ms to read
			wave()
			return s.calls.Load() > 0
		})
		for range 2 {
			wave()
		}
		close(s.resume)
		soon(t, "a hit", func() bool { _, err := u.Peek(ctx(t), 1); return err == nil })
		if n := s.calls.Load(); n != 1 {
			t.Errorf("%d loads", n)
		}
	})
}
