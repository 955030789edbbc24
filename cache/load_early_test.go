package cache_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
)

// A record is deleted each time that it is being loaded. Whoever asked before the loader was called
// gets what that returns: they do not queue for one load each. Who asked later loads again.
func TestEarlyCallersKeepWhatIsLoaded(t *testing.T) {
	if strconv.IntSize == 32 {
		t.Skip("miniredis keeps deadlines, in ms since 1970, in an int, which has 32 bits here")
	}
	synctest.Test(t, func(t *testing.T) {
		rdb := cachetest.NewServer(t).Client
		u := mustNew[int64](t, rdb, "users", jsonUsers,
			&cache.Options{Load: cache.LoadConfig{MaxLoads: 1}})
		defer u.Close()
		var wg sync.WaitGroup
		ask := func(loader func(context.Context, int64) (User, error), want User) {
			wg.Go(func() {
				got, err := u.GetOrLoad(t.Context(), 1, loader)
				wantUser(t, got, err, want)
			})
		}
		other := stoppedSource(map[int64]User{2: bob})
		wg.Go(func() { _, _ = u.GetOrLoad(t.Context(), 2, other.user) }) // it has the one slot
		<-other.started
		s := stoppedSource(map[int64]User{1: ann})
		for range 10 {
			ask(s.user, ann)
		}
		synctest.Wait() // they wait for the slot
		close(other.resume)
		<-s.started
		must(t, u.Delete(t.Context(), 1))
		late := newSource(map[int64]User{1: bob})
		for range 10 {
			ask(late.user, bob)
		}
		synctest.Wait()
		close(s.resume)
		wg.Wait()
		s.wantLoads(t, 1)
		late.wantLoads(t, 1)
	})
}

// What a Hook asks for when it is told of a load does not wait for that load.
func TestHookAsksForWhatIsLoaded(t *testing.T) {
	for _, moment := range []string{"Load start", "Load end"} {
		t.Run(moment, func(t *testing.T) {
			h := &asking{moment: moment}
			u := mustNew[int64](t, cachetest.NewServer(t).Client, "users", jsonUsers,
				&cache.Options{Hook: h})
			s := newSource(map[int64]User{1: ann})
			h.ask = func(ctx context.Context) error {
				_, err := u.GetOrLoad(ctx, 1, s.user)
				return err
			}
			got, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantUser(t, got, err, ann)
			if moment == "Load start" && !errors.Is(h.err, cache.ErrLoadCircle) || h.told != 1 {
				t.Errorf("told %d times, and GetOrLoad returned %v", h.told, h.err)
			}
		})
	}
}

// asking is a Hook that asks a cache for something at one moment of a load.
type asking struct {
	moment string
	ask    func(context.Context) error
	told   int
	err    error
}

func (h *asking) at(ctx context.Context, moment string) context.Context {
	if moment == h.moment {
		h.told++
		h.err = h.ask(ctx)
	}
	return ctx
}

func (h *asking) Start(ctx context.Context, op cache.Op) context.Context {
	return h.at(ctx, op.Kind+" start")
}

func (h *asking) End(ctx context.Context, op cache.Op) { h.at(ctx, op.Kind+" end") }
