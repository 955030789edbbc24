package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A loader may reorder and overwrite its slice of keys: values are stored under the right keys.
func TestLoaderReordersItsKeys(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		got, err := u.GetOrLoadMany(ctx(t), []int64{3, 1, 2},
			func(_ context.Context, ids []int64) (map[int64]User, error) {
				slices.Sort(ids)
				found := map[int64]User{}
				for _, id := range ids {
					found[id] = User{Name: fmt.Sprint(id)}
				}
				clear(ids)
				return found, nil
			})
		must(t, err)
		for id := range int64(3) {
			id++
			stored, err := u.Peek(ctx(t), id)
			if want := fmt.Sprint(id); err != nil || stored.Name != want || got[id].Name != want {
				t.Errorf("Peek of %d gives %v, %v, and GetOrLoadMany %v", id, stored, err, got[id])
			}
		}
	})
}

// callHook calls a function the first time that it is told of one moment of an operation.
type callHook struct {
	moment string // "Load start"
	told   atomic.Int64
	call   func(context.Context)
}

func (h *callHook) at(ctx context.Context, moment string) {
	if moment == h.moment && h.told.Add(1) == 1 {
		h.call(ctx)
	}
}

func (h *callHook) Start(ctx context.Context, op cache.Op) context.Context {
	h.at(ctx, op.Kind+" start")
	return ctx
}

func (h *callHook) End(ctx context.Context, op cache.Op) { h.at(ctx, op.Kind+" end") }

// A Hook may close the cache when it is told of a load. It may also panic: callers get the panic as
// an error, and the lease and the slot are released.
func TestHooksOfLoads(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		for _, moment := range []string{"Load start", "Load end"} {
			t.Run(moment, func(t *testing.T) {
				h := &callHook{moment: moment}
				load := cache.LoadConfig{Lease: hour, MaxLoads: 1}
				u := newUsers(t, b, &cache.Options{Hook: h, Load: load})
				s := newSource(map[int64]User{1: ann, 2: bob})
				h.call = func(context.Context) { panic("hook") }
				if _, err := u.GetOrLoad(ctx(t), 1, s.user); err == nil ||
					!strings.Contains(err.Error(), "panic: hook") {
					t.Errorf("GetOrLoad gives %v", err)
				}
				for id, want := range map[int64]User{1: ann, 2: bob} {
					short, cancel := context.WithTimeout(ctx(t), 10*time.Second)
					got, err := u.GetOrLoad(short, id, s.user)
					wantUser(t, got, err, want)
					cancel()
				}

				closed := make(chan struct{})
				closing := &callHook{moment: moment}
				u = newUsers(t, b, &cache.Options{Hook: closing})
				closing.call = func(context.Context) {
					_ = u.Close()
					close(closed)
				}
				_, _ = u.GetOrLoad(ctx(t), 1, s.user)
				<-closed
			})
		}
	})
}

// With RedactKeys, no error of a load shows a key, and the Hook never gets one. This holds even if
// the loader's error names other keys of its batch.
func TestLoadErrorsHideKeys(t *testing.T) {
	keys := []string{"session-AAAAAAAA", "session-BBBBBBBB", "session-CCCCCCCC"}
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, load := range map[string]func(ks []string) error{
			"error": func(ks []string) error { return fmt.Errorf("query %v failed", ks) },
			"panic": func(ks []string) error { panic(fmt.Sprintf("query %v failed", ks)) },
			"key errors": func(ks []string) error {
				return cache.KeyErrors[string]{ks[0]: fmt.Errorf("%s and %s", ks[0], ks[1])}
			},
		} {
			for _, redact := range []bool{false, true} {
				h := &recorder{}
				c := mustNew[string](t, b.Client, b.Name(), jsonUsers,
					&cache.Options{Hook: h, RedactKeys: redact})
				_, err := c.GetOrLoadMany(ctx(t), keys,
					func(_ context.Context, ks []string) (map[string]User, error) {
						return nil, load(ks)
					})
				texts := []string{}
				if redact {
					texts = append(texts, fmt.Sprintf("%v %+v", err, err))
				}
				for _, op := range append(h.of("Load"), h.of("GetOrLoadMany")...) {
					texts = append(texts, fmt.Sprintf("%v %+v", op.Err, op.Err))
				}
				for _, text := range texts {
					if strings.Contains(text, "session-") {
						t.Errorf("%s, RedactKeys %v: %.300s", name, redact, text)
					}
				}
			}
		}
	})
}

// nilError is an error whose methods panic on a nil pointer.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// fusedHook is a hook of a Redis client that panics once when armed.
type fusedHook struct{ armed *atomic.Bool }

func (h fusedHook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h fusedHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.blow()
		return next(ctx, cmd)
	}
}
func (h fusedHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.blow()
		return next(ctx, cmds)
	}
}

func (h fusedHook) blow() {
	if h.armed.CompareAndSwap(true, false) {
		panic("a hook of the client")
	}
}

// If something panics during a load, the Hook gets an End, and the lease is released.
func TestLoadsEndWhateverPanics(t *testing.T) {
	var armed atomic.Bool
	rdb := redistest.Start(t).Client(t)
	rdb.AddHook(fusedHook{&armed})
	loaders := map[string]func(context.Context, int64) (User, error){
		"the error is a nil pointer": func(context.Context, int64) (User, error) {
			var err *nilError
			return ann, err
		},
		"a hook of the client, when the record is stored": func(
			context.Context, int64,
		) (User, error) {
			armed.Store(true)
			return ann, nil
		},
	}
	for name, loader := range loaders {
		for _, redacts := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", redacts), func(t *testing.T) {
				h := newBalance()
				u := mustNew[int64](t, rdb, "users", jsonUsers, &cache.Options{
					Hook: h, RedactKeys: redacts, Load: cache.LoadConfig{Lease: hour},
				})
				if _, err := u.GetOrLoad(ctx(t), 1, loader); err == nil {
					t.Error("the panic is lost")
				}
				got, err := u.GetOrLoad(ctx(t), 1, newSource(map[int64]User{1: bob}).user)
				wantUser(t, got, err, bob)
				must(t, u.Delete(ctx(t), 1))
				must(t, u.Close())
				h.check(t, "around", "Load")
			})
		}
	}
}
