package cache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A silent server of a cluster affects only its own keys. All other keys hit, also in a batch. Its
// own keys are loaded, or fail with FailFast.
func TestSilentNodeOfLoads(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 0, time.Minute)
	silent := c.Nodes()[0]
	rdb := c.Client(t, patient)
	var ids, own, healthy []int64
	for id := range int64(60) {
		owner, err := rdb.MasterForKey(ctx(t), fmt.Sprint("users:", id))
		must(t, err)
		if ids = append(ids, id); owner.Options().Addr == silent.Addr() {
			own = append(own, id)
		} else {
			healthy = append(healthy, id)
		}
	}
	rows := map[int64]User{}
	for _, id := range ids {
		rows[id] = bob
	}
	made := map[string]*cache.Cache[int64, User]{}
	told := map[string]*recorder{}
	for name, o := range map[string]*cache.Options{
		"active": active(), "pipelined": autoPipelined(), "fixed": fixed(),
		"fail fast": {Load: cache.LoadConfig{Outage: cache.FailFast}},
	} {
		// A long Patience: on a busy machine, a healthy server may be late.
		o.Load.Patience, o.Hook = time.Second, &recorder{}
		told[name] = o.Hook.(*recorder)
		// go-redis asks a node for all commands before the first command that is not in a pipeline.
		client := c.Client(t, patient)
		made[name] = mustNew[int64](t, client, "users", jsonUsers, o)
		must(t, made[name].SetMany(ctx(t), anns(60)))
		_, err := made[name].Get(ctx(t), 0)
		must(t, err)
		warm(t, client)
	}
	silent.Pause(t)
	for name, u := range made {
		t.Run(name, func(t *testing.T) {
			silentNode(t, u, told[name], rows, own, healthy, name == "fail fast")
		})
	}
	silent.Resume(t)
	for _, u := range made {
		s := newSource(rows)
		for _, id := range ids {
			soon(t, "a hit", func() bool {
				got, err := u.GetOrLoad(ctx(t), id, s.user)
				return err == nil && got.Name == "Ann"
			})
		}
	}
}

// warm makes a client connect to each server.
func warm(t *testing.T, rdb *redis.ClusterClient) {
	t.Helper()
	for id := range 30 {
		must(t, rdb.Exists(ctx(t), fmt.Sprint("warm", id)).Err())
	}
}

func silentNode(
	t *testing.T, u *cache.Cache[int64, User], rec *recorder, rows map[int64]User,
	own, healthy []int64, failFast bool,
) {
	var all []int64
	for id := range int64(len(own) + len(healthy)) {
		all = append(all, id)
	}
	loaded := len(own)
	if failFast {
		loaded = 0
	}
	for try := 1; ; try++ { // on a busy machine, a healthy server may be late
		var wrong []string
		complain := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
		s := newSource(rows)
		got, err := u.GetOrLoadMany(ctx(t), all, s.users)
		if len(got) != len(healthy)+loaded || failFast != (err != nil) ||
			int(s.keys.Load()) != loaded {
			complain("GetOrLoadMany gives %d records, %v; %d were loaded, want %d",
				len(got), err, s.keys.Load(), loaded)
		}
		for _, id := range healthy {
			got, err := u.GetOrLoad(ctx(t), id, s.user)
			if err != nil || got.Name != "Ann" {
				complain("GetOrLoad from a healthy server: %v, %v", got, err)
			}
		}
		if int(s.keys.Load()) != loaded {
			complain("%d records of healthy servers were loaded", int(s.keys.Load())-loaded)
		}
		for _, id := range own {
			got, err := u.GetOrLoad(ctx(t), id, s.user)
			if failFast {
				wantErr(t, err, cache.ErrUnavailable, "GetOrLoad", fmt.Sprint(id))
			} else {
				wantUser(t, got, err, bob)
			}
		}
		if want := int64(2 * loaded); s.keys.Load() != want {
			complain("%d records were loaded, want %d", s.keys.Load(), want)
		}
		if n := rec.count("Outage"); n > 1 || n == 0 && try == 1 {
			complain("the Hook was told of %d outages, want 1", n)
		}
		if len(wrong) == 0 {
			return
		}
		if try == 5 {
			t.Errorf("%q", wrong)
			return
		}
		rec.forget() // outages of healthy servers
	}
}
