package cache_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// interrupter is a hook of go-redis that calls a function before the n-th pipeline of scripts.
type interrupter struct {
	n    int
	call func()
	seen int
}

func (h *interrupter) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (h *interrupter) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h *interrupter) ProcessPipelineHook(
	next redis.ProcessPipelineHook,
) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if h.call != nil && cmds[0].Name() == "evalsha" {
			if h.seen++; h.seen == h.n {
				h.call()
			}
		}
		return next(ctx, cmds)
	}
}

// A record that is used between the two looks stays: only the second look can see that use.
func TestSweepLooksTwice(t *testing.T) {
	eachSweeper(t, func(t *testing.T, b *redistest.Backend, u users, o *cache.Options) {
		uses := map[string]func() error{
			"Get": func() error { _, err := u.Get(ctx(t), 1); return err },
			"Set": func() error { return u.Set(ctx(t), 1, ann) },
		}
		for name, use := range uses {
			client := b.NewClient(t)
			sweeper := users{mustNew[int64](t, client, u.Name(), jsonUsers, o), t, client}
			u.set(2, ann) // so that the servers know the scripts
			u.idle(2, 30*time.Minute, o)
			if res, err := sweeper.Sweep(ctx(t), 20*time.Minute); err != nil || res.Removed != 1 {
				t.Fatalf("%+v, %v", res, err)
			}
			u.set(1, ann)
			u.idle(1, 30*time.Minute, o)
			// From now on, u is another process, which has not noted an access yet.
			u.Cache = usersNamed(t, b, u.Name(), o).Cache
			hook := &interrupter{n: 1, call: func() { must(t, use()); u.noted(1) }}
			if info, err := u.Inspect(ctx(t), 1); err != nil || !info.Deadline.IsZero() ||
				!o.TTL.Terms().Renews {
				hook.n = 2 // the first look is a script too
			}
			client.AddHook(hook)
			res, err := sweeper.Sweep(ctx(t), 20*time.Minute)
			if err != nil || res.Removed != 0 || res.Kept != 1 || hook.seen < hook.n {
				t.Errorf("%s between the looks: %+v, %v", name, res, err)
			}
			if _, err := u.Peek(ctx(t), 1); err != nil {
				t.Errorf("%s between the looks: the record is gone: %v", name, err)
			}
		}
	})
}

// In a cluster, the index and the record are checked and removed in separate steps. A Set between
// the steps is never lost.
func TestSweepDoesNotLoseASet(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		if b.Kind != "cluster" {
			t.Skip("a single server removes both in one step")
		}
		client := b.NewClient(t)
		u := newUsers(t, b, tracked())
		sweeper := users{mustNew[int64](t, client, u.Name(), jsonUsers, tracked()), t, client}
		for id := range int64(2) { // the first pass makes the scripts known
			u.set(id, ann)
			u.idle(id, 30*time.Minute, tracked())
			u.age(id, 30*time.Minute)
			if id == 1 {
				client.AddHook(&interrupter{n: 3, call: func() { u.set(1, bob) }})
			}
			if _, err := sweeper.Sweep(ctx(t), 20*time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := u.Peek(ctx(t), 1); got.Name != bob.Name || err != nil {
			t.Errorf("the record that was Set is %v, %v", got, err)
		}
	})
}

// If every record fails, Sweep returns an error. A cancelled pass leaves neither its lease nor its
// turn.
func TestSweepReportsFailures(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	rdb := s.Client(t)
	must(t, rdb.Do(ctx(t), "ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "-unlink").Err())
	app := s.Client(t, func(o *redis.UniversalOptions) { o.Username, o.Password = "app", "pw" })
	u := users{mustNew[int64](t, rdb, "users", jsonUsers, active()), t, rdb}
	for id := range int64(10) {
		u.set(id, ann)
		u.age(id, time.Minute)
	}
	res, err := mustNew[int64](t, app, "users", jsonUsers, active()).Sweep(ctx(t), 20*time.Minute)
	if err == nil || res.Failed != 10 || res.Removed != 0 ||
		!strings.Contains(err.Error(), "10 records failed") {
		t.Errorf("Sweep without UNLINK = %+v, %v", res, err)
	}
	must(t, rdb.Del(ctx(t), "users!sweep").Err())

	cancelled, cancel := context.WithCancel(ctx(t))
	_, err = u.Sweep(cancelled, 20*time.Minute, sweep.Every(hour),
		sweep.OnProgress(func(sweep.Progress) {
			cancel()
		}))
	wantErr(t, err, context.Canceled, "Sweep", "")
	for _, key := range []string{"users!swept", "users!sweep"} {
		if n := rdb.Exists(ctx(t), key).Val(); n != 0 {
			t.Errorf("a pass that was cancelled left %s", key)
		}
	}
}

// A cluster of a single server.
func TestSweepSingleNodeCluster(t *testing.T) {
	t.Parallel()
	rdb := redistest.StartClusterOfOne(t).Client(t)
	u := users{mustNew[int64](t, rdb, "users", jsonUsers, tracked()), t, rdb}
	for id := range int64(50) {
		u.set(id, ann)
		u.idle(id, 30*time.Minute, tracked())
	}
	if res, err := u.Sweep(ctx(t), 20*time.Minute); err != nil || res.Removed != 50 ||
		res.Failed != 0 {
		t.Errorf("Sweep = %+v, %v", res, err)
	}
}

func TestSweepUnreachable(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, tt := range []struct {
			o       *cache.Options
			maxIdle time.Duration
		}{
			{tracked(), hour - 30*time.Second}, // not below TTL - window
			{active(ttl.MaxAge(hour)), time.Minute},
		} {
			_, err := newUsers(t, b, tt.o).Sweep(ctx(t), tt.maxIdle)
			wantErr(t, err, cache.ErrMaxIdle, "Sweep", "")
			o := *tt.o
			o.Sweeper = sweep.Periodic{Interval: hour, MaxIdle: tt.maxIdle}
			if _, err := cache.New[int64](b.Client, "users", jsonUsers, &o); err == nil {
				t.Errorf("New accepts %v with %v", tt.maxIdle, o.TTL)
			}
		}
		// A foreign key in place of the lease does not make Sweep spin.
		u := newUsers(t, b, active())
		b.Exempt(u.Name() + "!sweep")
		must(t, b.Client.Set(ctx(t), u.Name()+"!sweep", "foreign", 0).Err())
		_, err := u.Sweep(ctx(t), time.Minute, sweep.Every(hour))
		var notDue *sweep.NotDueError
		if !errors.As(err, &notDue) || notDue.In != time.Second {
			t.Errorf("Sweep = %v", err)
		}
	})
}
