package cache_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// Reads of large values are cut into parts, by the sizes of values that were just read. Redis
// counts replies that it has not sent yet as used memory, and evicts other keys for them.
func TestReadsAreCut(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	keys := 100 // half of the memory
	if testing.Short() {
		keys = 25
	}
	s := redistest.Start(t, "--maxmemory", fmt.Sprint(2*keys, "mb"),
		"--maxmemory-policy", "volatile-ttl", "--maxmemory-samples", "64")
	rdb := s.Client(t)
	large := mustNew[int64](t, rdb, "large", codec.Bytes{}, nil)
	ids := make([]int64, keys)
	for id := range ids {
		ids[id] = int64(id)
	}
	// fill fills the memory. The other: keys are evicted first, since they have shorter TTLs.
	fill := func() (evicted func() int) {
		t.Helper()
		must(t, rdb.FlushAll(ctx(t)).Err())
		must(t, rdb.ConfigResetStat(ctx(t)).Err())
		for i := 0; i%50 > 0 || stat(t, rdb, "evicted_keys") == 0; i++ {
			must(t,
				rdb.Set(ctx(t), fmt.Sprint("other:", i), make([]byte, 20<<10), time.Minute).Err())
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
	fresh := mustNew[int64](t, rdb, "large", codec.Bytes{}, nil) // it knows no sizes yet
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

// A walk over large values holds few of them at a time. The test ignores garbage, whose amount
// depends on the rest of the process.
func TestWalkHoldsFewValues(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	const size = 10 << 20
	records := 40
	if testing.Short() {
		records = 12
	}
	u := mustNew[int64](t, rdb, "large", codec.Bytes{}, &cache.Options{MaxValueBytes: size})
	value := make([]byte, size)
	for id := range int64(records) {
		must(t, u.Set(ctx(t), id, value))
	}
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	live() // a second time, for what the first GC left in pools
	before := live()
	most := before
	n := 0
	for rec, err := range u.All(ctx(t)) {
		if err != nil || len(rec.Value) != size {
			t.Fatalf("All gives %d bytes, %v", len(rec.Value), err)
		}
		n++
		most = max(most, live())
	}
	if grown := (most - before) >> 20; n != records || grown > 4*size>>20 {
		t.Errorf("All gives %d records, the live heap grows by %d MiB", n, grown)
	} else {
		t.Logf("the live heap grows by %d MiB", grown)
	}
}

// A batch of missing keys costs few round trips.
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
			t.Errorf("GetMany of 1000 missing keys takes %d round trips", n)
		}
	})
}
