package cache_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// trackers returns the number of connections that track keys.
func trackers(t *testing.T, rdb *redis.Client) (n int) {
	t.Helper()
	list, err := rdb.ClientList(ctx(t)).Result()
	must(t, err)
	for _, line := range strings.Split(list, "\n") {
		_, flags, _ := strings.Cut(line, " flags=")
		flags, _, _ = strings.Cut(flags, " ")
		if strings.Contains(flags, "t") {
			n++
		}
	}
	return n
}

// All caches of a client share one connection, whatever their number and names. It also covers a
// cache that is created later. Closing the last cache leaves nothing.
func TestNearSharesAConnection(t *testing.T) {
	s := redistest.Start(t)
	rdb, admin := s.Client(t), s.Client(t)
	names := []string{"users", "users2", "users.a", "use", "users", "shop/users"}
	var all []users
	for i, name := range names {
		if i == 3 {
			time.Sleep(200 * time.Millisecond) // longer than a new connection waits for more caches
		}
		u, h := nearNamed(t, rdb, name, fixed())
		u.set(1, User{Name: name})
		u.inMemory(h, "Get", func() {
			got, err := u.Get(ctx(t), 1)
			wantUser(t, got, err, User{Name: name})
		})
		all = append(all, u)
	}
	soon(t, "one connection", func() bool { return trackers(t, admin) == 1 })
	for i, u := range all {
		for _, other := range all { // so that copies exist again after a new connection
			if other.Name() != u.Name() {
				_, _ = other.Get(ctx(t), 1)
			}
		}
		must(t, admin.Set(ctx(t), u.redisKey(1), `{"name":"new"}`, hour).Err())
		soon(t, "the write is seen", func() bool {
			got, err := u.Get(ctx(t), 1)
			return err == nil && got.Name == "new"
		})
		must(t, u.Close())
		if _, err := u.Get(ctx(t), 1); err == nil {
			t.Error("a copy answers after Close")
		}
		if i < len(all)-1 && trackers(t, admin) != 1 {
			t.Errorf("after %d of %d are closed, %d connections", i+1, len(all), trackers(t, admin))
		}
	}
	soon(t, "no connection", func() bool { return trackers(t, admin) == 0 })
	if left := admin.Keys(ctx(t), "*!near*").Val(); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// Proofs leave no keys in the server.
func TestNearLeavesNothing(t *testing.T) {
	s := redistest.Start(t)
	admin := s.Client(t)
	_, _ = nearNamed(t, s.Client(t), "users", nearWith(cache.Near{Staleness: minStaleness}))
	for range 100 {
		if keys := admin.Keys(ctx(t), "*").Val(); len(keys) != 0 {
			t.Fatalf("the server holds %q", keys)
		}
		time.Sleep(time.Millisecond)
	}
}

// Database 1, and keys that have several spellings.
func TestNearKeys(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t, func(o *redis.UniversalOptions) { o.DB = 1 })
	other := s.Client(t, func(o *redis.UniversalOptions) { o.DB = 1 })
	texts := mustNew[folded](t, rdb, "texts", codec.String{}, nearWith(cache.Near{}))
	soon(t, "a proof", func() bool { return texts.Stats().Near.ProofAge >= 0 })
	must(t, texts.Set(ctx(t), "Key", "a"))
	for range 20 {
		for _, k := range []folded{"Key", "key", "KEY"} { // one record; "key" is its canonical key
			got, err := texts.Get(ctx(t), k)
			if got != "a" || err != nil {
				t.Errorf("%s is %q, %v", k, got, err)
			}
		}
		time.Sleep(time.Millisecond)
	}
	if n := texts.Stats().Near.Entries; n != 1 {
		t.Errorf("%d copies, want 1, of the canonical key", n)
	}
	must(t, other.Set(ctx(t), "texts:key", "b", hour).Err())
	must(t, other.Set(ctx(t), "texts:%", "no key", hour).Err())
	for _, k := range []folded{"Key", "key", "KEY"} {
		soon(t, "a new value", func() bool {
			got, err := texts.Get(ctx(t), k)
			return got == "b" && err == nil
		})
	}
}

// folded is a key with several spellings for one record.
type folded string

func (f folded) MarshalText() ([]byte, error) { return []byte(strings.ToLower(string(f))), nil }

func (f *folded) UnmarshalText(b []byte) error {
	if string(b) == "%" {
		panic("no key")
	}
	*f = folded(b)
	return nil
}

// Callers that miss a record at the same time share a read. Each obeys its own context.
func TestNearSharesReads(t *testing.T) {
	s := redistest.Start(t)
	p := redistest.NewProxy(t, s.Addr())
	u, _ := nearNamed(t, s.Client(t, patient, func(o *redis.UniversalOptions) {
		o.Addrs = []string{p.Addr()}
	}), "users", nearWith(cache.Near{Staleness: time.Minute}))
	must(t, s.Client(t).Set(ctx(t), "users:1", `{"name":"Ann"}`, hour).Err())
	p.Set(redistest.Spoil{Delay: 200 * time.Millisecond})
	sent := redistest.Commands(t, s.Client(t), func() {
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if i%10 == 0 { // possibly the one that reads for the others
					short, cancel := context.WithTimeout(ctx(t), time.Millisecond)
					defer cancel()
					_, err := u.Get(short, 1)
					wantErr(t, err, context.DeadlineExceeded, "Get", "1")
					return
				}
				got, err := u.Get(ctx(t), 1)
				wantUser(t, got, err, User{Name: "Ann"})
			})
		}
		wg.Wait()
	})
	if n := sent["evalsha"] + sent["eval"]; n == 0 || n > 50 {
		t.Errorf("commands: %v", sent)
	}
}

// A record that is read only from memory stays alive. An unread record expires.
func TestNearKeepsAlive(t *testing.T) {
	t.Parallel()
	const life, tolerance = 2 * time.Second, time.Second
	for name, own := range map[string][]cache.SetOption{
		"policy": nil, "own TTL": {cache.WithTTL(2 * life)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			u, _ := nearNamed(t, s.Client(t), "users",
				&cache.Options{TTL: ttl.Active(life, ttl.Tolerance(tolerance))})
			must(t, u.Set(ctx(t), 2, ann, own...))
			for begun := time.Now(); ; {
				must(t, u.Set(ctx(t), 1, ann, own...))
				before := u.Stats().Near.Hits
				reads, pause := readFor(t, u.Cache, 3*life)
				// A busy machine may stop the reader for longer than life - tolerance.
				if pause > life-tolerance && time.Since(begun) < time.Minute {
					t.Logf("again: two reads took %v", pause)
					continue
				}
				if pause > 0 {
					t.Fatalf("the record expired in use; two reads took at most %v", pause)
				}
				hits := u.Stats().Near.Hits - before
				if hits < int64(reads)/2 && time.Since(begun) < time.Minute {
					t.Logf("again: %d of %d reads were answered from memory", hits, reads)
					continue
				}
				if hits < int64(reads)/2 {
					t.Errorf("%d of %d reads were answered from memory", hits, reads)
				}
				break
			}
			_, err := u.Get(ctx(t), 2)
			wantErr(t, err, cache.ErrNotFound, "Get", "2")
		})
	}
}

// readFor reads record 1 about once a millisecond. If the record expires, died is the longest time
// from the begin of a read to the end of the next one.
func readFor(
	t *testing.T, u *cache.Cache[int64, User], d time.Duration,
) (reads int, died time.Duration) {
	t.Helper()
	begun := time.Now()
	var longest time.Duration
	for last := begun; time.Since(begun) < d; reads++ {
		this := time.Now()
		got, err := u.Get(ctx(t), 1)
		longest, last = max(longest, time.Since(last)), this
		if err != nil {
			return reads, longest
		}
		wantUser(t, got, err, ann)
		time.Sleep(time.Millisecond)
	}
	return reads, 0
}

// Close may be called at any time, also while connections are made.
func TestNearClose(t *testing.T) {
	s := redistest.Start(t)
	for i := range 50 {
		rdb := s.Client(t)
		u := mustNew[int64](t, rdb, fmt.Sprint("users", i), jsonUsers, nearWith(cache.Near{}))
		v := mustNew[int64](t, rdb, "others", jsonUsers, nearWith(cache.Near{}))
		time.Sleep(time.Duration(i) * 100 * time.Microsecond)
		must(t, u.Close())
		must(t, v.Close())
	}
	soon(t, "no connection", func() bool { return trackers(t, s.Client(t)) == 0 })
	if left := s.Client(t).Keys(ctx(t), "*").Val(); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// restore writes a record with DUMP and RESTORE.
func restore(t *testing.T, rdb redis.UniversalClient, key, value string) {
	t.Helper()
	must(t, rdb.Set(ctx(t), key+"x", value, hour).Err())
	dump := rdb.Dump(ctx(t), key+"x").Val()
	must(t, rdb.RestoreReplace(ctx(t), key, hour, dump).Err())
	must(t, rdb.Del(ctx(t), key+"x").Err())
}
