package cache_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/redistest"
)

// While a server is out, one command per 200 ms asks whether it is back, for any number and kind of
// calls. The others do not wait.
func TestOneProbe(t *testing.T) {
	redistest.NeedsMini(t)
	for name, o := range map[string]*cache.Options{
		"active": active(), "pipelined": autoPipelined(), "fixed": fixed(),
	} {
		for _, outage := range []cache.Outage{cache.LoadAnyway, cache.FailFast} {
			for kind, answer := range map[string]func(*server.Peer){
				"LOADING": func(p *server.Peer) { p.WriteError("LOADING it") },
				"silent":  func(*server.Peer) {},
			} {
				t.Run(name+" "+strconv.Itoa(int(outage))+" "+kind, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { probes(t, *o, outage, answer) })
				})
			}
		}
	}
}

func probes(t *testing.T, o cache.Options, outage cache.Outage, answer func(*server.Peer)) {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	defer m.Close()
	rdb := redis.NewClient(&redis.Options{
		Dialer: minipipe.Dialer(m), ContextTimeoutEnabled: true, DisableIdentity: true,
		MaxRetries: -1, Protocol: 2, PoolSize: 1000,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	defer rdb.Close()
	rec := &recorder{}
	o.Load.Outage, o.Load.Patience, o.Hook = outage, cache.DefaultPatience, rec
	u := mustNew[int64](t, rdb, "users", jsonUsers, &o)
	defer u.Close()
	must(t, u.Set(ctx(t), 1, ann))
	s := newSource(map[int64]User{1: bob})
	got, err := u.GetOrLoad(ctx(t), 1, s.user)
	wantUser(t, got, err, ann)

	var commands, late atomic.Int64
	m.Server().SetPreHook(func(p *server.Peer, cmd string, _ ...string) bool {
		if cmd == "HELLO" {
			return false
		}
		commands.Add(1)
		answer(p)
		return true
	})
	ask := func(begun time.Time, do func() error) {
		err := do()
		if (err != nil) != (outage == cache.FailFast) {
			t.Errorf("it returned %v", err)
		}
		if time.Since(begun) > 0 {
			late.Add(1)
		}
	}
	const lasts = 2 * time.Second
	_, _ = u.GetOrLoad(ctx(t), 1, s.user) // from now on, the server is out
	commands.Store(0)
	for begun := time.Now(); time.Since(begun) < lasts; time.Sleep(time.Millisecond) {
		go ask(time.Now(), func() error {
			_, err := u.GetOrLoad(ctx(t), 1, s.user)
			return err
		})
		go ask(time.Now(), func() error {
			_, err := u.GetOrLoadMany(ctx(t), []int64{1, 2, 3}, s.users)
			return err
		})
		go ask(time.Now(), func() error {
			_, err := u.Reload(context.Background(), 1, s.user)
			return err
		})
	}
	const most = int64(lasts / (200 * time.Millisecond))
	// A probe of a batch, or with AutoPipeline, sends a command for each key.
	if n := commands.Load(); n < 2 || n > 3*most {
		t.Errorf("%d commands in %v, want at least 2, of at most %d probes", n, lasts, most)
	}
	time.Sleep(time.Second)
	synctest.Wait()
	if n := late.Load(); n > most {
		t.Errorf("%d calls waited, want at most %d probes", n, most)
	}
	if n := rec.count("Outage"); n != 1 {
		t.Errorf("the Hook was told of %d outages, want 1", n)
	}
	m.Server().SetPreHook(nil)
	got, err = u.GetOrLoad(ctx(t), 1, s.user)
	wantUser(t, got, err, ann)
}
