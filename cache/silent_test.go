package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A silent server of a cluster affects only its own keys. This holds for batches, which end at
// their deadline, and for accesses whose notes go to the silent server.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 0, time.Minute)
	// If a call waits for an answer and not for its deadline, it waits for a minute.
	rdb := c.Client(t, func(o *redis.UniversalOptions) { o.ReadTimeout = time.Minute })
	u := mustNew[int64](t, rdb, "users", jsonUsers, tracked())
	must(t, u.SetMany(ctx(t), anns(60)))
	var ids, healthy []int64
	silent := c.Nodes()[0]
	server := func(key string) string {
		owner, err := rdb.MasterForKey(ctx(t), key)
		must(t, err)
		return owner.Options().Addr
	}
	for id := range int64(60) {
		ids = append(ids, id)
		if server(fmt.Sprint("users:", id)) != silent.Addr() {
			healthy = append(healthy, id)
		}
	}
	if _, err := u.GetMany(ctx(t), ids); err != nil {
		t.Fatal(err)
	}
	// go-redis asks a node for all commands before the first command that is not in a pipeline, and
	// waits up to 5 s for the answer.
	_, err := u.Get(ctx(t), 0)
	must(t, err)
	silent.Pause(t)
	defer silent.Resume(t)
	limits := []time.Duration{400 * time.Millisecond, 100 * time.Millisecond, time.Second}
	if testing.Short() {
		limits = limits[:1]
	}
	for _, limit := range limits {
		for try := 1; ; try++ { // on a busy machine, a healthy server may be late
			wrong := costsItsOwnKeys(t, rdb, u, ids, len(healthy), limit)
			if len(wrong) == 0 {
				break
			}
			if try == 5 {
				t.Errorf("within %v: %q", limit, wrong)
				break
			}
		}
		for _, id := range healthy {
			short, cancel := context.WithTimeout(ctx(t), 30*time.Second)
			must(t, u.Set(short, id, ann))
			got, err := u.Get(short, id)
			wantUser(t, got, err, ann)
			cancel()
		}
	}
}

// costsItsOwnKeys runs each batch of these ids once. It returns the batches that lacked records of
// healthy servers, or did not end at their deadline.
func costsItsOwnKeys(
	t *testing.T, rdb redis.UniversalClient, u *cache.Cache[int64, User],
	ids []int64, healthy int, limit time.Duration,
) (wrong []string) {
	within := func(name string, want int, do func(context.Context) (int, error)) {
		short, cancel := context.WithTimeout(ctx(t), limit)
		defer cancel()
		begun := time.Now()
		n, err := do(short)
		took := time.Since(begun)
		t.Logf("%s within %v took %v", name, limit, took)
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || n != want || len(joined.Unwrap()) != len(ids)-healthy ||
			took > limit+10*time.Second { // it takes 50 ms on an idle machine
			wrong = append(wrong, fmt.Sprintf("%s: %d of %d keys after %v, and %v",
				name, n, want, took, err))
		}
	}
	within("SetMany", 0, func(ctx context.Context) (int, error) {
		return 0, u.SetMany(ctx, anns(len(ids)))
	})
	within("GetMany", healthy, func(ctx context.Context) (int, error) {
		got, err := u.GetMany(ctx, ids)
		return len(got), err
	})
	within("a new process' GetMany", healthy, func(ctx context.Context) (int, error) {
		fresh := mustNew[int64](t, rdb, "users", jsonUsers, tracked())
		got, err := fresh.GetMany(ctx, ids)
		return len(got), err
	})
	within("DeleteMany", healthy, func(ctx context.Context) (int, error) {
		return u.DeleteMany(ctx, ids)
	})
	return wrong
}

// Walks, sweeps and Clear ask the primaries. They see all records even if the client reads from
// replicas and no replica answers.
func TestReplicasDoNotDecide(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 1, time.Minute)
	clients := map[string]*redis.ClusterClient{}
	for name, route := range map[string]func(*redis.UniversalOptions){
		"ReadOnly":       func(o *redis.UniversalOptions) { o.ReadOnly = true },
		"RouteByLatency": func(o *redis.UniversalOptions) { o.RouteByLatency = true },
		"RouteRandomly":  func(o *redis.UniversalOptions) { o.RouteRandomly = true },
	} {
		if redistest.Race && name == "RouteByLatency" {
			continue // go-redis has a data race there
		}
		clients[name] = c.Client(t, route)
		must(t, clients[name].Ping(ctx(t)).Err())
		_ = clients[name].Get(ctx(t), "k").Err() // go-redis learns which commands are reads
	}
	for _, replica := range c.Nodes()[3:] {
		replica.Pause(t)
		t.Cleanup(func() { replica.Resume(t) })
	}
	for name, rdb := range clients {
		for policy, o := range map[string]*cache.Options{"active": active(), "fixed": tracked()} {
			t.Run(name+" "+policy, func(t *testing.T) {
				t.Parallel()
				short, cancel := context.WithTimeout(ctx(t), 20*time.Second)
				defer cancel()
				u := mustNew[int64](t, rdb, strings.ReplaceAll(name+policy, " ", ""), jsonUsers, o)
				must(t, u.SetMany(short, anns(100)))
				must(t, u.Set(short, 100, ann, cache.WithTTL(2*hour)))
				if n, err := u.Len(short); n != 101 || err != nil {
					t.Errorf("Len = %d, %v", n, err)
				}
				if all, failed := collect(short, u); len(all) != 101 || len(failed) != 0 {
					t.Errorf("All gives %d records, %v", len(all), failed)
				}
				if res, err := u.Sweep(short, time.Minute); res.Scanned != 101 || err != nil {
					t.Errorf("Sweep = %+v, %v", res, err)
				}
				if _, err := u.Modify(short, 1, func(v User) (User, error) {
					return bob, nil
				}); err != nil {
					t.Errorf("Modify: %v", err)
				}
				if n, err := u.Clear(short); n != 101 || err != nil {
					t.Errorf("Clear = %d, %v", n, err)
				}
			})
		}
	}
}

// If a shard of a Ring refuses connections, only its own keys fail, with an error.
func TestRefusedShard(t *testing.T) {
	t.Parallel()
	locked, open := redistest.Start(t, "--requirepass", "another"), redistest.Start(t)
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"locked": locked.Addr(), "open": open.Addr()}, Password: "wrong",
		HeartbeatFrequency: hour, // so that the ring itself does not notice
	})
	defer ring.Close()
	u := mustNew[int64](t, ring, "users", jsonUsers, nil)
	err := u.SetMany(ctx(t), anns(100))
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Fatalf("SetMany = %v", err)
	}
	failed := len(joined.Unwrap())
	written := int(open.Client(t).DBSize(ctx(t)).Val())
	if failed == 0 || written == 0 || failed+written != 100 {
		t.Errorf("SetMany reports %d failures, and %d of 100 are written", failed, written)
	}
	var ids []int64
	for id := range int64(100) {
		ids = append(ids, id)
	}
	got, err := u.GetMany(ctx(t), ids)
	if len(got) != written || err == nil || errors.Is(err, cache.ErrNotFound) {
		t.Errorf("GetMany gives %d records, %v", len(got), err)
	}
	if n, err := u.DeleteMany(ctx(t), ids); n != written || err == nil {
		t.Errorf("DeleteMany = %d, %v", n, err)
	}
}

// Batches of many chunks and walks return the records of the other servers, whichever server is
// silent.
func TestSilentServerOfLargeBatches(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for deadlines")
	}
	t.Parallel()
	for i := range 3 {
		t.Run(fmt.Sprint("node ", i), func(t *testing.T) {
			t.Parallel()
			silentOfLargeBatches(t, i)
		})
	}
}

func silentOfLargeBatches(t *testing.T, i int) {
	c := redistest.StartCluster(t, 0, time.Minute)
	rdb := c.Client(t)
	u := mustNew[int64](t, rdb, "users", jsonUsers, tracked())
	large := anns(3000)
	must(t, u.SetMany(ctx(t), large))
	ids := make([]int64, 0, len(large))
	for id := range large {
		ids = append(ids, id)
	}
	silent := c.Nodes()[i]
	own := int(silent.Client(t).DBSize(ctx(t)).Val())
	own -= len(silent.Client(t).Keys(ctx(t), "users!*").Val())
	others := len(large) - own
	silent.Pause(t)
	within := func(name string, want int, do func(context.Context) (int, error)) {
		t.Helper()
		for try := 1; ; try++ { // on a busy machine, a healthy server may be late
			short, cancel := context.WithTimeout(ctx(t), 1500*time.Millisecond)
			n, err := do(short)
			cancel()
			if n == want && err != nil {
				return
			}
			if try == 5 {
				t.Errorf("node %d: %s gives %d of %d, %v", i, name, n, want, err)
				return
			}
		}
	}
	within("GetMany", others, func(ctx context.Context) (int, error) {
		got, err := u.GetMany(ctx, ids)
		return len(got), err
	})
	within("SetMany", others, func(ctx context.Context) (int, error) {
		err := u.SetMany(ctx, large)
		joined, _ := err.(interface{ Unwrap() []error })
		return len(large) - len(joined.Unwrap()), err
	})
	within("Len", others, u.Len)
	within("All", others, func(ctx context.Context) (int, error) {
		all, failed := collect(ctx, u)
		return len(all), fmt.Errorf("%v", failed)
	})
	silent.Resume(t)
	must(t, u.SetMany(ctx(t), large)) // all records are back
}

// After an outage, accesses are noted again.
func TestNotesAfterOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for deadlines")
	}
	t.Parallel()
	s := redistest.Start(t)
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"a": s.Addr()}, MaxRetries: -1, DialerRetries: 1,
		ReadTimeout: 50 * time.Millisecond, HeartbeatFrequency: 20 * time.Millisecond,
	})
	defer ring.Close()
	u := mustNew[int64](t, ring, "users", jsonUsers, tracked())
	must(t, u.Set(ctx(t), 1, ann))
	s.Pause(t)
	for range 10 {
		for id := range int64(20) {
			_ = u.Set(ctx(t), id, ann)
		}
	}
	s.Resume(t)
	eventually := time.Now().Add(20 * time.Second)
	for u.Set(ctx(t), 7, ann) != nil {
		if time.Now().After(eventually) {
			t.Fatal("the server is not found again")
		}
	}
	for id := int64(1000); ; id++ {
		must(t, u.Set(ctx(t), id, ann))
		if info, err := u.Inspect(ctx(t), id); err == nil && info.Idle >= 0 {
			break
		}
		if time.Now().After(eventually) {
			t.Fatal("no access is noted")
		}
	}
}
