package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// A server of a cluster that does not answer costs its own keys and no others: in batches, which
// end at their deadline, and in accesses that are noted on it.
func TestSilentServer(t *testing.T) {
	if !testing.Short() {
		t.Parallel()
	}
	c := redistest.StartCluster(t, 0, time.Minute)
	rdb := c.Client(t)
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
	silent.Pause(t)
	defer silent.Resume(t)
	for _, limit := range []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, time.Second} {
		within := func(name string, want int, do func(context.Context) (int, error)) {
			t.Helper()
			short, cancel := context.WithTimeout(ctx(t), limit)
			defer cancel()
			begun := time.Now()
			n, err := do(short)
			took := time.Since(begun)
			joined, ok := err.(interface{ Unwrap() []error })
			if !ok || n != want || len(joined.Unwrap()) != 60-len(healthy) {
				t.Errorf("%s within %v: %d of %d keys, and %v", name, limit, n, want, err)
			}
			if took > limit+time.Second { // 50 ms on a machine that has nothing else to do
				t.Errorf("%s within %v took %v", name, limit, took)
			}
			t.Logf("%s within %v took %v", name, limit, took)
		}
		within("GetMany", len(healthy), func(ctx context.Context) (int, error) {
			got, err := u.GetMany(ctx, ids)
			return len(got), err
		})
		within("a new process' GetMany", len(healthy), func(ctx context.Context) (int, error) {
			got, err := mustNew[int64](t, rdb, "users", jsonUsers, tracked()).GetMany(ctx, ids)
			return len(got), err
		})
		within("SetMany", 0, func(ctx context.Context) (int, error) { return 0, u.SetMany(ctx, anns(60)) })
		within("DeleteMany", len(healthy), func(ctx context.Context) (int, error) { return u.DeleteMany(ctx, ids) })
		for _, id := range healthy { // SetMany has written them
			short, cancel := context.WithTimeout(ctx(t), 10*time.Second)
			must(t, u.Set(short, id, ann))
			got, err := u.Get(short, id)
			wantUser(t, got, err, ann)
			cancel()
		}
	}
}

// Walks, sweeps and Clear ask the primaries: they see everything, though the client reads from
// replicas and no replica answers.
func TestReplicasDoNotDecide(t *testing.T) {
	if !testing.Short() {
		t.Parallel()
	}
	c := redistest.StartCluster(t, 1, time.Minute)
	clients := map[string]*redis.ClusterClient{}
	for name, route := range map[string]func(*redis.UniversalOptions){
		"ReadOnly":       func(o *redis.UniversalOptions) { o.ReadOnly = true },
		"RouteByLatency": func(o *redis.UniversalOptions) { o.RouteByLatency = true },
		"RouteRandomly":  func(o *redis.UniversalOptions) { o.RouteRandomly = true },
	} {
		clients[name] = c.Client(t, route)
		must(t, clients[name].Ping(ctx(t)).Err())
		_ = clients[name].Get(ctx(t), "k").Err() // it learns what is a read
	}
	for _, replica := range c.Nodes()[3:] {
		replica.Pause(t)
		defer replica.Resume(t)
	}
	for name, rdb := range clients {
		for policy, o := range map[string]*cache.Options{"active": active(), "fixed": tracked()} {
			t.Run(name+" "+policy, func(t *testing.T) {
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
				if _, err := u.Modify(short, 1, func(v User) (User, error) { return bob, nil }); err != nil {
					t.Errorf("Modify: %v", err)
				}
				if n, err := u.Clear(short); n != 101 || err != nil {
					t.Errorf("Clear = %d, %v", n, err)
				}
			})
		}
	}
}

// Reads of large values are cut, by the sizes of those just read: Redis counts what it has not sent
// yet as its memory, and evicts other keys for it.
func TestReadsAreCut(t *testing.T) {
	const keys, size = 100, 1 << 20
	s := redistest.Start(t, "--maxmemory", "200mb", "--maxmemory-policy", "volatile-ttl", "--maxmemory-samples", "64")
	rdb := s.Client(t)
	large := mustNew[int64](t, rdb, "large", codec.Bytes{}, nil)
	ids := make([]int64, keys)
	for id := range ids {
		ids[id] = int64(id)
	}
	// fill fills the memory. The others are evicted first, since they have shorter TTLs.
	fill := func() (evicted func() int) {
		t.Helper()
		must(t, rdb.FlushAll(ctx(t)).Err())
		must(t, rdb.ConfigResetStat(ctx(t)).Err())
		for i := 0; i%50 > 0 || stat(t, rdb, "evicted_keys") == 0; i++ {
			must(t, rdb.Set(ctx(t), fmt.Sprint("other:", i), make([]byte, 20<<10), time.Minute).Err())
		}
		for _, id := range ids {
			must(t, large.Set(ctx(t), id, make([]byte, size)))
		}
		must(t, rdb.ConfigResetStat(ctx(t)).Err())
		return func() int { return stat(t, rdb, "evicted_keys") }
	}
	evicted := fill()
	for _, id := range ids {
		_, _ = large.Get(ctx(t), id)
	}
	one := evicted()
	evicted = fill()
	fresh := mustNew[int64](t, rdb, "large", codec.Bytes{}, nil) // a process that knows no sizes
	if got, err := fresh.GetMany(ctx(t), ids); len(got) != keys || err != nil {
		t.Errorf("GetMany gives %d records, %v", len(got), err)
	}
	if many := evicted(); float64(many) > 1.2*float64(one)+5 {
		t.Errorf("GetMany evicts %d keys, Gets one by one %d", many, one)
	} else {
		t.Logf("GetMany evicts %d keys, Gets one by one %d", many, one)
	}
}

// stat returns a number of INFO stats.
func stat(t *testing.T, rdb *redis.Client, field string) (n int) {
	t.Helper()
	info, err := rdb.Info(ctx(t), "stats").Result()
	must(t, err)
	_, after, _ := strings.Cut(info, field+":")
	if _, err := fmt.Sscanf(after, "%d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A walk over large values holds few of them at a time.
func TestWalkHoldsFewValues(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	const records, size = 40, 10 << 20
	u := mustNew[int64](t, rdb, "large", codec.Bytes{}, &cache.Options{MaxValueBytes: size})
	value := make([]byte, size)
	for id := range int64(records) {
		must(t, u.Set(ctx(t), id, value))
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	n := 0
	for rec, err := range u.All(ctx(t)) {
		if err != nil || len(rec.Value) != size {
			t.Fatalf("All gives %d bytes, %v", len(rec.Value), err)
		}
		n++
		runtime.ReadMemStats(&now)
		most.Store(max(most.Load(), now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc)))
	}
	if n != records || most.Load() > 64<<20 {
		t.Errorf("All gives %d records, the heap grows by %d MiB", n, most.Load()>>20)
	} else {
		t.Logf("the heap grows by %d MiB", most.Load()>>20)
	}
}

// Of a Ring, a shard whose connection is refused fails its own keys and says so.
func TestRefusedShard(t *testing.T) {
	locked, open := redistest.Start(t, "--requirepass", "another"), redistest.Start(t)
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"locked": locked.Addr(), "open": open.Addr()}, Password: "wrong",
		HeartbeatFrequency: hour, // the ring itself must not notice
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

// Batches of many chunks and walks give what the other servers have, whichever server is silent, and
// a sweep of a tracked cache sweeps their records.
func TestSilentServerOfLargeBatches(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for deadlines")
	}
	t.Parallel()
	c := redistest.StartCluster(t, 0, time.Minute)
	rdb := c.Client(t)
	u := mustNew[int64](t, rdb, "users", jsonUsers, tracked())
	large := anns(3000)
	must(t, u.SetMany(ctx(t), large))
	ids := make([]int64, 0, len(large))
	for id := range large {
		ids = append(ids, id)
	}
	for i, silent := range c.Nodes() {
		own := int(silent.Client(t).DBSize(ctx(t)).Val())
		own -= len(silent.Client(t).Keys(ctx(t), "users!*").Val())
		others := len(large) - own
		silent.Pause(t)
		within := func(name string, want int, do func(context.Context) (int, error)) {
			t.Helper()
			short, cancel := context.WithTimeout(ctx(t), 1500*time.Millisecond)
			defer cancel()
			if n, err := do(short); n != want || err == nil {
				t.Errorf("node %d: %s gives %d of %d, %v", i, name, n, want, err)
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
		must(t, u.SetMany(ctx(t), large)) // it is back
	}
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

// Keys that are not there cost a batch few round trips.
func TestGetManyOfMisses(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		ids := make([]int64, 1000)
		for i := range ids {
			ids[i] = int64(i)
		}
		wire := redistest.Wire(t, b.Client)
		if got, err := u.GetMany(ctx(t), ids); len(got) != 0 || err != nil {
			t.Errorf("GetMany = %v, %v", got, err)
		}
		if n := wire.RoundTrips(); n > 3*40 {
			t.Errorf("GetMany of 1000 keys that are not there takes %d round trips", n)
		}
	})
}
