package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/internal/redistest"
)

// A record is deleted while it is being loaded. Callers that asked before the loader was called get
// its value: they do not queue for one load each. Later callers load again.
func TestEarlyCallersKeepWhatIsLoaded(t *testing.T) {
	redistest.NeedsMini(t)
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
		wg.Go(func() { _, _ = u.GetOrLoad(t.Context(), 2, other.user) }) // it takes the only slot
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

// A Hook may call GetOrLoad for the key of the load that it is told of. The call does not wait for
// that load: at the load's start, it returns ErrLoadCircle.
func TestHookAsksForWhatIsLoaded(t *testing.T) {
	redistest.NeedsMini(t)
	for _, moment := range []string{"Load start", "Load end"} {
		t.Run(moment, func(t *testing.T) {
			h := &callHook{moment: moment}
			u := mustNew[int64](t, cachetest.NewServer(t).Client, "users", jsonUsers,
				&cache.Options{Hook: h})
			s := newSource(map[int64]User{1: ann})
			var asked error
			h.call = func(ctx context.Context) { _, asked = u.GetOrLoad(ctx, 1, s.user) }
			got, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantUser(t, got, err, ann)
			told := h.told.Load()
			if moment == "Load start" && !errors.Is(asked, cache.ErrLoadCircle) || told != 1 {
				t.Errorf("the Hook was told %d times, and GetOrLoad returned %v", told, asked)
			}
		})
	}
}
