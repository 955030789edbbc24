package cache_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// checkEverything runs each operation once, on a client of any kind.
func checkEverything(t *testing.T, rdb redis.UniversalClient, name string, o *cache.Options) {
	t.Helper()
	checkOperations(t, rdb, name, 1200, o)
}

// checkOperations is checkEverything, with batches of n records.
func checkOperations(
	t *testing.T, rdb redis.UniversalClient, name string, n int, o *cache.Options,
) {
	t.Helper()
	u := mustNew[int64](t, rdb, name, jsonUsers, o)
	records := map[int64]User{}
	for id := range int64(n) {
		records[id] = User{Age: int(id)}
	}
	must(t, u.SetMany(ctx(t), records))
	must(t, u.Set(ctx(t), 2000, ann, cache.WithTTL(2*hour)))
	got, err := u.Get(ctx(t), 2000)
	wantUser(t, got, err, ann)
	got, err = u.Peek(ctx(t), 7)
	wantUser(t, got, err, User{Age: 7})
	must(t, u.Update(ctx(t), 2000, bob))
	must(t, u.UpdateField(ctx(t), 2000, "age", 1))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := u.Modify(ctx(t), 2000, func(v User) (User, error) {
					v.Visits++
					return v, nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	must(t, u.Touch(ctx(t), 2000))
	info, err := u.Inspect(ctx(t), 2000)
	if err != nil || info.TTL != 2*hour {
		t.Errorf("Inspect = %+v, %v", info, err)
	}
	records[2000] = User{Name: "Bob", Age: 1, Visits: 80}
	ids := make([]int64, 0, len(records))
	for id := range records {
		ids = append(ids, id)
	}
	many, err := u.GetMany(ctx(t), ids)
	if err != nil || len(many) != len(records) || many[2000].Visits != 80 {
		t.Errorf("GetMany gives %d records, %v", len(many), err)
	}
	all, failed := collect(ctx(t), u)
	if len(failed) != 0 || len(all) != len(records) {
		t.Errorf("All gives %d records of %d and the errors %v", len(all), len(records), failed)
	}
	if n, err := u.Len(ctx(t)); n != len(records) || err != nil {
		t.Errorf("Len = %d, %v, want %d", n, err, len(records))
	}
	must(t, u.Delete(ctx(t), 2000))
	if n, err := u.DeleteMany(ctx(t), []int64{1, 2, 2000}); n != 2 || err != nil {
		t.Errorf("DeleteMany = %d, %v", n, err)
	}
	_, err = u.Get(ctx(t), 2000)
	wantErr(t, err, cache.ErrNotFound, "Get", "2000")
	if n, err := u.Clear(ctx(t)); n != len(records)-3 || err != nil {
		t.Errorf("Clear = %d, %v", n, err)
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	redistest.EachTopology(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		t.Run("plain", func(t *testing.T) {
			checkOperations(t, b.Client, b.Name(), fewer(b, 1200), active())
		})
		t.Run("Options.AutoPipeline", func(t *testing.T) {
			checkOperations(t, b.Client, b.Name(), fewer(b, 1200), autoPipelined())
		})
	})
}

func TestRing(t *testing.T) {
	a, b := redistest.Start(t), redistest.Start(t)
	ring := redis.NewRing(
		&redis.RingOptions{Addrs: map[string]string{"a": a.Addr(), "b": b.Addr()}})
	defer ring.Close()
	checkEverything(t, ring, "users", active())
	checkEverything(t, ring, "piped", autoPipelined())
}

// One of two shards is down: a walk returns the records of the other, and an error.
func TestWalkWithoutOneShard(t *testing.T) {
	a, b := redistest.Start(t), redistest.Start(t)
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"a": a.Addr(), "b": b.Addr()}, DialerRetries: 1, MaxRetries: -1,
		HeartbeatFrequency: 1 << 40, // so that the ring itself does not notice
	})
	defer ring.Close()
	u := mustNew[int64](t, ring, "users", codec.String{}, nil)
	want := map[int64]string{}
	for id := range int64(1000) {
		want[id] = "x"
	}
	must(t, u.SetMany(ctx(t), want))
	onB := int(b.Client(t).DBSize(ctx(t)).Val())
	a.Stop()
	got, failed := collect(ctx(t), u)
	if len(got) != onB || len(failed) != 1 || onB == 0 || onB == 1000 {
		t.Errorf("All gives %d records and the errors %v, want %d records of one shard", len(got),
			failed, onB)
	}
	if n, err := u.Len(ctx(t)); n != onB || err == nil || errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Len = %d, %v, want %d and an error", n, err, onB)
	}
}
