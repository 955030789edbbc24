package cache_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// A batch of many chunks waits for a silent server once, and not once for each chunk. The next
// batch asks again.
func TestBatchWaitsOnceForASilentServer(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	rdb := s.Client(t, func(o *redis.UniversalOptions) {
		o.ReadTimeout, o.MaxRetries = 500*time.Millisecond, -1
	})
	wire := redistest.Wire(t, rdb)
	records := anns(5000)
	ids := slices.Collect(maps.Keys(records))
	u := mustNew[int64](t, rdb, "users", jsonUsers, nil)
	eventually(t, func() bool { // the cache learns how large its records are
		_, err := u.GetMany(ctx(t), ids)
		return err == nil && u.SetMany(ctx(t), records) == nil
	}, func() string { return "the server does not answer" })
	for name, do := range map[string]func() error{
		"SetMany":    func() error { return u.SetMany(ctx(t), records) },
		"GetMany":    func() error { _, err := u.GetMany(ctx(t), ids); return err },
		"DeleteMany": func() error { _, err := u.DeleteMany(ctx(t), ids); return err },
	} {
		s.Pause(t)
		wire.Reset()
		err := do()
		if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 5000 {
			t.Errorf("%s: %v", name, err)
		}
		if n := wire.RoundTrips(); n != 1 {
			t.Errorf("%s sends %d pipelines to a silent server, want 1", name, n)
		}
		s.Resume(t)
		eventually(t, func() bool { return do() == nil }, func() string { return name + " fails" })
	}
}

// GetOrLoadMany of many chunks waits for Patience once, and not once for each chunk.
func TestGetOrLoadManyWaitsOnceForASilentServer(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]ttl.Policy{
		"fixed": ttl.Fixed(hour), "refresh": ttl.Fixed(hour, ttl.Refresh(time.Minute)),
		"active": ttl.Active(hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			rdb := s.Client(t)
			wire := redistest.Wire(t, rdb)
			records := anns(5000)
			ids := slices.Collect(maps.Keys(records))
			u := mustNew[int64](t, rdb, "users", jsonUsers, &cache.Options{
				TTL: policy, Load: cache.LoadConfig{Patience: 500 * time.Millisecond},
			})
			must(t, rdb.Ping(ctx(t)).Err())
			wire.Reset()
			s.Pause(t)
			defer s.Resume(t)
			all := func(context.Context, []int64) (map[int64]User, error) { return records, nil }
			got, err := u.GetOrLoadMany(ctx(t), ids, all)
			if len(got) != 5000 || err != nil {
				t.Errorf("GetOrLoadMany gives %d records, %v", len(got), err)
			}
			// Now and then, a call asks whether the server is back.
			if n := wire.RoundTrips(); n > 3 {
				t.Errorf("it sends %d pipelines to a silent server", n)
			}
		})
	}
}

// If the client reads from replicas, go-redis sends the chunk that follows a silent replica to
// another server. So a batch goes on reading there. It does not ask the loader for all of its keys.
func TestBatchLeavesSilentReplicas(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for replicas")
	}
	t.Parallel()
	c := redistest.StartCluster(t, 1, time.Minute)
	rdb := c.Client(t, func(o *redis.UniversalOptions) {
		o.ReadOnly, o.ReadTimeout = true, time.Minute // so that Patience ends the wait
	})
	_ = rdb.Get(ctx(t), "k").Err() // go-redis learns which commands are reads
	records := anns(6000)
	ids := slices.Collect(maps.Keys(records))
	o := fixed()
	o.Load.Patience = time.Second
	u := mustNew[int64](t, rdb, "users", jsonUsers, o)
	var asked []int64
	load := func(_ context.Context, ids []int64) (map[int64]User, error) {
		asked = append(asked, ids...)
		return records, nil
	}
	must(t, u.SetMany(ctx(t), records))
	eventually(t, func() bool { // the client knows the replicas, and they have all records
		rdb.ReloadState(ctx(t))
		got, err := u.GetMany(ctx(t), ids)
		for _, replica := range c.Nodes()[3:] {
			stats := replica.Client(t).Info(ctx(t), "commandstats").Val()
			if !strings.Contains(stats, "cmdstat_get:") {
				return false
			}
		}
		return len(got) == len(records) && err == nil
	}, func() string { return "the replicas do not have all records" })
	for _, replica := range c.Nodes()[3:] {
		replica.Pause(t)
		t.Cleanup(func() { replica.Resume(t) })
	}
	got, err := u.GetOrLoadMany(ctx(t), ids, load)
	if len(got) != len(records) || err != nil {
		t.Errorf("GetOrLoadMany gives %d records, %v", len(got), err)
	}
	ofShard := map[string]int{}
	for _, id := range asked {
		owner, err := rdb.MasterForKey(ctx(t), fmt.Sprint("users:", id))
		must(t, err)
		ofShard[owner.Options().Addr]++
	}
	if len(asked) == 0 {
		t.Error("no replica was asked")
	}
	for _, n := range ofShard {
		if n > 1000 {
			t.Errorf("the loader is asked for %d keys of a shard, and one chunk has 1000", n)
		}
	}
}
