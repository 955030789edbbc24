package cache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

// collect walks All, and returns the records and the errors by key.
func collect[K comparable, V any](
	ctx context.Context, c *cache.Cache[K, V],
) (map[K]V, map[string]error) {
	records, failed := map[K]V{}, map[string]error{}
	for r, err := range c.All(ctx) {
		var e *cache.Error
		switch {
		case errors.As(err, &e):
			failed[e.Key] = err
		case err != nil:
			failed["?"] = err
		default:
			records[r.Key] = r.Value
		}
	}
	return records, failed
}

func TestWalk(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		// Caches whose names begin with the same text, and bookkeeping of this cache.
		others := []users{usersNamed(t, b, u.Name()+".admin", active()),
			usersNamed(t, b, u.Name()+"2", active())}
		for _, o := range others {
			b.Exempt(o.redisKey(1))
			o.set(1, bob)
		}
		must(t, b.Client.Set(ctx(t), u.Name()+"!sweep", "x", hour).Err())

		n := fewer(b, 1500) // several pages
		want := map[int64]User{}
		for id := range int64(n) {
			want[id] = User{Name: fmt.Sprint(id)}
		}
		must(t, u.SetMany(ctx(t), want))
		u.set(int64(n), bob, cache.WithTTL(2*hour))
		want[int64(n)] = bob

		got, failed := collect(ctx(t), u.Cache)
		if len(failed) != 0 || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("All gives %d records and the errors %v, want %d", len(got), failed, len(want))
		}
		keys := map[int64]bool{}
		for key, err := range u.Keys(ctx(t)) {
			if err != nil || keys[key] {
				t.Errorf("Keys gives %v, %v, seen %v", key, err, keys[key])
			}
			keys[key] = true
		}
		if len(keys) != len(want) {
			t.Errorf("Keys gives %d keys, want %d", len(keys), len(want))
		}
		if got, err := u.Len(ctx(t)); got != len(want) || err != nil {
			t.Errorf("Len = %d, %v, want %d", got, err, len(want))
		}
		for range u.All(ctx(t)) {
			break // an early end is no error
		}
		for range u.Keys(ctx(t)) {
			break
		}
		if got, err := u.Clear(ctx(t)); got != len(want) || err != nil {
			t.Errorf("Clear = %d, %v, want %d", got, err, len(want))
		}
		if got, err := u.Len(ctx(t)); got != 0 || err != nil {
			t.Errorf("after Clear, Len = %d, %v", got, err)
		}
		for _, o := range others {
			if _, err := o.Get(ctx(t), 1); err != nil {
				t.Errorf("Clear reached the cache %s: %v", o.Name(), err)
			}
		}
		if n := b.Client.Exists(ctx(t), u.Name()+"!sweep").Val(); n != 1 {
			t.Error("Clear reached the cache's bookkeeping")
		}
	})
}

// Foreign and undecodable values do not stop a walk, and stay.
func TestWalkOverOddities(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		u.set(1, ann)
		key := func(k string) string { return u.Name() + ":" + k }
		b.Exempt(key("3"), key("5"), key("7"))
		must(t, b.Client.HSet(ctx(t), key("5"), "owner", "token").Err()) // another program's
		must(t, b.Client.PExpire(ctx(t), key("5"), hour).Err())
		must(t, b.Client.Set(ctx(t), key("2"), "not JSON", hour).Err())
		must(t, b.Client.Set(ctx(t), key("x"), "{}", hour).Err())
		must(t, b.Client.Set(ctx(t), key("007"), "{}", hour).Err())
		must(t, b.Client.RPush(ctx(t), key("3"), "{}", "1").Err())
		must(t, b.Client.PExpire(ctx(t), key("3"), hour).Err())
		must(t, b.Client.HSet(ctx(t), key("4"), "n", "1").Err()) // a marker of a load
		must(t, b.Client.PExpire(ctx(t), key("4"), hour).Err())
		must(t, b.Client.ZAdd(ctx(t), key("7"), redis.Z{Member: "m"}).Err())

		got, failed := collect(ctx(t), u.Cache)
		if fmt.Sprint(got) != fmt.Sprint(map[int64]User{1: ann}) {
			t.Errorf("All gives %v", got)
		}
		want := map[string]error{"2": cache.ErrDecode, "x": cache.ErrKey, "007": cache.ErrKey,
			"3": cache.ErrWrongType, "5": cache.ErrWrongType, "7": cache.ErrWrongType}
		for k, sentinel := range want {
			wantErr(t, failed[k], sentinel, "All", k)
		}
		if len(failed) != len(want) {
			t.Errorf("All gives the errors %v", failed)
		}

		keys := map[string]bool{}
		for k, err := range u.Keys(ctx(t)) {
			var e *cache.Error
			if errors.As(err, &e) {
				keys[e.Key] = true
				continue
			}
			keys[fmt.Sprint(k)] = true
		}
		if want := map[string]bool{"1": true, "2": true, "x": true, "007": true}; !maps.Equal(keys,
			want) {
			t.Errorf("Keys gives %v, want %v", keys, want)
		}
		if n, err := u.Len(ctx(t)); n != 4 || err != nil {
			t.Errorf("Len = %d, %v, want 4", n, err)
		}
		if n, err := u.Clear(ctx(t)); n != 4 || err != nil {
			t.Errorf("Clear = %d, %v, want 4", n, err)
		}
		for k, want := range map[string]int64{"3": 1, "4": 0, "5": 1, "7": 1} {
			if n := b.Client.Exists(ctx(t), key(k)).Val(); n != want {
				t.Errorf("after Clear, %s exists %d times, want %d", k, n, want)
			}
		}
	})
}

// Keys of any form come back unchanged, and reach no other cache.
func TestHostileKeys(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := mustNew[string](t, b.Client, b.Name(), codec.String{}, nil)
		other := mustNew[string](t, b.Client, u.Name()+"x", codec.String{}, nil)
		b.Exempt(other.Name() + ":k")
		must(t, other.Set(ctx(t), "k", "other"))
		want := map[string]string{}
		for _, k := range []string{
			"*", "?", "[a-z]", "{tag}", "a{b}c", "\n", "\x00", "\xff\xfe", "!", ":", "a:b:c", " ",
			`\`, "ключ", strings.Repeat("k", 1024),
		} {
			want[k] = "value of " + k
		}
		must(t, u.SetMany(ctx(t), want))
		got, err := u.GetMany(ctx(t), []string{"*", "?"})
		if err != nil || len(got) != 2 || got["*"] != want["*"] {
			t.Errorf("GetMany gives %q, %v", got, err)
		}
		all, failed := collect(ctx(t), u)
		if len(failed) != 0 || !maps.Equal(all, want) {
			t.Errorf("All gives %q and the errors %v", all, failed)
		}
		if n, err := u.Clear(ctx(t)); n != len(want) || err != nil {
			t.Errorf("Clear = %d, %v, want %d", n, err, len(want))
		}
		if v, err := other.Get(ctx(t), "k"); v != "other" || err != nil {
			t.Errorf("the other cache holds %q, %v", v, err)
		}
	})
}

// All returns every record that exists during the whole walk, whatever others write.
func TestWalkWhileOthersWrite(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		stay := fewer(b, 3000)
		records := anns(stay)
		must(t, u.SetMany(ctx(t), records))
		done := make(chan struct{})
		stopped := make(chan error, 1)
		go func() { // enough for Redis to resize its table
			for i := int64(stay); ; i += 200 {
				batch := map[int64]User{}
				for id := i; id < i+200; id++ {
					batch[id] = bob
				}
				err := u.SetMany(ctx(t), batch)
				select {
				case <-done:
					stopped <- err
					return
				default:
				}
				if err != nil {
					stopped <- err
					return
				}
			}
		}()
		seen := map[int64]bool{}
		for r, err := range u.All(ctx(t)) {
			if err != nil {
				t.Error(err)
				break
			}
			seen[r.Key] = true
		}
		close(done)
		must(t, <-stopped)
		for id := range records {
			if !seen[id] {
				t.Errorf("All left out record %d", id)
			}
		}
	})
}

func TestWalkCancelled(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		records := anns(2000)
		must(t, u.SetMany(ctx(t), records))
		short, cancel := context.WithCancel(ctx(t))
		defer cancel()
		errs := 0
		for r, err := range u.All(short) { // cancelled after the first record
			cancel()
			if err != nil {
				errs++
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v: %v", r, err)
				}
			}
		}
		// miniredis answers a SCAN with all keys at once, but All reads them in pages.
		if errs != 1 {
			t.Errorf("a cancelled walk gave %d errors, want 1", errs)
		}
		closing := usersNamed(t, b, u.Name(), active())
		met := 0
		for _, err := range closing.All(ctx(t)) {
			must(t, closing.Close())
			if met++; err != nil {
				wantErr(t, err, cache.ErrClosed, "All", "")
			}
		}
		if met >= 2000 {
			t.Error("a walk went on after its cache was closed")
		}
	})
}
