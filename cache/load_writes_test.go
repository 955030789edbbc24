package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// changes are all writes that a program may make after it has changed the source. Some write the
// new value. Others find no record.
var changes = map[string]func(u users) error{
	"Set":     func(u users) error { return u.Set(ctx(u.t), 1, bob) },
	"SetMany": func(u users) error { return u.SetMany(ctx(u.t), map[int64]User{1: bob}) },
	"Add":     func(u users) error { return u.Add(ctx(u.t), 1, bob) },
	"Upsert": func(u users) error {
		_, err := u.Upsert(ctx(u.t), 1, func(User, bool) (User, error) { return bob, nil })
		return err
	},
	"Update":      func(u users) error { return u.Update(ctx(u.t), 1, bob) },
	"UpdateField": func(u users) error { return u.UpdateField(ctx(u.t), 1, "name", "Bob") },
	"Modify": func(u users) error {
		_, err := u.Modify(ctx(u.t), 1, func(User) (User, error) { return bob, nil })
		return err
	},
	"Touch":      func(u users) error { return u.Touch(ctx(u.t), 1) },
	"Delete":     func(u users) error { return u.Delete(ctx(u.t), 1) },
	"DeleteMany": func(u users) error { _, err := u.DeleteMany(ctx(u.t), []int64{1}); return err },
	"Clear":      func(u users) error { _, err := u.Clear(ctx(u.t)); return err },
}

// point is where a stopper stops a command.
type point struct {
	n     int  // which script of the key, from 1 on
	after bool // after the server has executed it
}

// stopper is a hook of a client. It stops one script of a key until goOn is closed.
type stopper struct {
	key     string
	at      point
	reached chan struct{}
	goOn    chan struct{}

	mu sync.Mutex
	n  int
}

func newStopper(key string, at point) *stopper {
	return &stopper{key: key, at: at, reached: make(chan struct{}), goOn: make(chan struct{})}
}

func (s *stopper) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *stopper) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		args := cmd.Args()
		mine := strings.HasPrefix(cmd.Name(), "eval") && len(args) > 3 && args[3] == s.key
		if mine {
			s.mu.Lock()
			s.n++
			mine = s.n == s.at.n
			s.mu.Unlock()
		}
		if mine && !s.at.after {
			s.stop()
		}
		err := next(ctx, cmd)
		if mine && s.at.after {
			s.stop()
		}
		return err
	}
}

func (s *stopper) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *stopper) stop() {
	close(s.reached)
	<-s.goOn
}

// warmLoads makes every server know the scripts of loads.
func warmLoads(t *testing.T, b *redistest.Backend, o *cache.Options) {
	t.Helper()
	u := newUsers(t, b, o)
	s := newSource(anns(40))
	for id := range int64(40) {
		_, err := u.GetOrLoad(ctx(t), id, s.user)
		must(t, err)
		_, err = u.Reload(ctx(t), id, s.user)
		must(t, err)
		_, _ = u.GetOrLoad(ctx(t), 100+id, s.user) // absent
		_, _ = u.Get(ctx(t), 100+id)
		_ = u.Delete(ctx(t), 100+id)
	}
}

// long returns options under which loads do not end early.
func long() *cache.Options {
	return &cache.Options{Load: cache.LoadConfig{Lease: hour, Patience: hour, Timeout: hour}}
}

// A caller after an acknowledged write never gets a value that was loaded before it, whenever
// during the load the write comes. Nothing old stays in Redis.
func TestNoStaleWriteBack(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		warmLoads(t, b, long())
		for name, at := range map[string]point{
			"before the claim": {1, false}, "before the claim's reply": {1, true},
			"in the loader":   {0, false},
			"before the fill": {2, false}, "before the fill's reply": {2, true},
		} {
			for op, change := range changes {
				if at == (point{2, true}) && (op == "Add" || op == "Touch") {
					continue // the record exists, and these do not change it
				}
				t.Run(name+"/"+op, func(t *testing.T) {
					u := newUsers(t, b, long())
					stop := newStopper(u.redisKey(1), at)
					hooked := b.NewClient(t)
					hooked.AddHook(stop)
					loads := mustNew[int64](t, hooked, u.Name(), jsonUsers, long())
					testWriteDuringLoad(t, u, users{loads, t, hooked}, stop, change)
				})
			}
		}
	})
}

func testWriteDuringLoad(
	t *testing.T, writer, loads users, stop *stopper, change func(users) error,
) {
	s := newSource(map[int64]User{1: ann})
	loader := s.user
	if stop.at.n == 0 {
		first := true // only the first load stops
		loader = func(ctx context.Context, id int64) (User, error) {
			stops := first
			first = false
			v, err := s.user(ctx, id)
			if stops {
				stop.stop()
			}
			return v, err
		}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { // it began before the write, and may get either value
		if _, err := loads.GetOrLoad(ctx(t), 1, loader); err != nil {
			t.Error(err)
		}
	})
	<-stop.reached
	s.put(1, bob)
	if err := change(writer); err != nil && !errors.Is(err, cache.ErrNotFound) &&
		!errors.Is(err, cache.ErrExists) {
		t.Error(err)
	}
	asking := make(chan struct{})
	wg.Go(func() {
		close(asking)
		got, err := loads.GetOrLoad(ctx(t), 1, s.user)
		wantName(t, got, err, "Bob")
	})
	<-asking
	close(stop.goOn)
	wg.Wait()
	got, err := writer.GetOrLoad(ctx(t), 1, s.user)
	wantName(t, got, err, "Bob")
}

// wantName is wantUser for a write that may have changed only the name.
func wantName(t *testing.T, got User, err error, name string) {
	t.Helper()
	if err != nil || got.Name != name {
		t.Errorf("got %v, %v, want %s", got, err, name)
	}
}
