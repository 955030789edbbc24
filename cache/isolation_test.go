package cache_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// hostileKeys returns keys that a user could choose to reach records of others, in a cache of this
// name.
func hostileKeys(name string) []string {
	return []string{
		"*", "?", "[a-z]", "[^a]*", `\`, `\*`, "{", "}", "{}", "{" + name + "}", "a{b}c", "}{",
		"\n", "\r\n", "a\r\n*1\r\n$8\r\nFLUSHALL\r\n", "a\nFLUSHALL\n", "\x00", "a\x00b", " ", "\t",
		"!", "!sweep", "!seen:0", ":", "::", ":1", ".admin:1", name + ":1", name + ".admin:1",
		name + "!seen:0",
		"..", "../" + name + ".admin:1", "/etc/passwd", `..\..`, "%00", "%s%n", "'", `"`,
		"') redis.call('FLUSHALL') --", "]] FLUSHALL",
		"\xff\xfe", "\xc0\x80", "ключ", "\u202e", "-1", "0", "nil", strings.Repeat("*", 1024),
		strings.Repeat("\x00", 1024),
	}
}

// neighbours writes keys that a cache of this name must not reach, and returns them. They are
// records and bookkeeping of caches with similar names, keys like this cache's own bookkeeping, and
// keys of programs without caches.
func neighbours(t *testing.T, b *redistest.Backend, name string) (keys []string) {
	t.Helper()
	add := func(key string, put func(key string) error) {
		b.Exempt(key)
		keys = append(keys, key)
		must(t, put(key))
		must(t, b.Client.PExpire(ctx(t), key, hour).Err())
	}
	str := func(key string) error { return b.Client.Set(ctx(t), key, "of "+key, 0).Err() }
	list := func(key string) error { return b.Client.RPush(ctx(t), key, "of "+key, 60000, 0).Err() }
	index := func(key string) error {
		return b.Client.ZAdd(ctx(t), key, redis.Z{Score: 1, Member: "1"}).Err()
	}
	for _, other := range []string{name[:len(name)-1], name + "s", name + ".admin", name + "/1",
		name + "-", name + "_"} {
		for _, k := range []string{"1", "*", "{" + name + "}", "a{b}c", "\r\n"} {
			add(other+":"+k, str)
		}
		add(other+":own terms", list)
		add(other+"!sweep", str)
		add(other+"!seen:0", index)
	}
	add(name, str)
	add(name+"!", str)
	add(name+"!x", str)
	add(name+"!seen:99", index)
	return keys
}

// snapshot returns the exact bytes under keys, and their TTL if it is not about an hour.
func snapshot(t *testing.T, rdb redis.UniversalClient, keys []string) map[string]string {
	t.Helper()
	held := map[string]string{}
	for _, key := range keys {
		dump, err := rdb.Dump(ctx(t), key).Result()
		if err != nil {
			dump = err.Error()
		}
		if left := rdb.PTTL(ctx(t), key).Val(); left < hour-5*time.Minute || left > hour {
			dump += ", to live for " + left.String()
		}
		held[key] = dump
	}
	return held
}

// Whatever keys its users choose, a cache reaches only its own records with them.
func TestHostileKeysReachNoNeighbour(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		if b.Mini != nil {
			t.Skip("DUMP of miniredis is for strings")
		}
		if testing.Short() && b.Kind == "cluster" {
			t.Skip("a node of a cluster treats keys like a single server")
		}
		for _, tt := range []struct {
			name string
			o    *cache.Options
			opts []cache.SetOption
		}{
			{"active", active(), nil},
			{"own terms", active(), []cache.SetOption{cache.WithTTL(2 * hour)}},
			{"all options", autoPipelined(ttl.MaxAge(24*hour), ttl.Tolerance(time.Minute)), nil},
			{"tracked", &cache.Options{TTL: fixed().TTL, TrackAccess: true}, nil},
		} {
			t.Run(tt.name, func(t *testing.T) {
				name := b.Name()
				keys, planted := hostileKeys(name), neighbours(t, b, name)
				before := snapshot(t, b.Client, planted)
				check := func(op string) {
					t.Helper()
					for key, held := range snapshot(t, b.Client, planted) {
						if held != before[key] {
							t.Errorf("%s changed %q: %q, before %q", op, key, held, before[key])
							before[key] = held
						}
					}
				}
				u := mustNew[string](t, b.Client, name, jsonUsers, tt.o)
				want := map[string]User{}
				for i, key := range keys {
					want[key] = User{Age: i + 1}
				}
				for op, do := range single(u, ann) {
					must(t, u.SetMany(ctx(t), want, tt.opts...))
					for _, key := range keys {
						err := do(ctx(t), key)
						if err != nil && (op != "Add" || !errors.Is(err, cache.ErrExists)) {
							t.Errorf("%s %q: %v", op, key, err)
						}
					}
					check(op)
				}
				must(t, u.SetMany(ctx(t), want, tt.opts...))
				check("SetMany")
				// "?" is one of the keys.
				if n, err := u.DeleteMany(ctx(t), []string{"*x", "?", "[a-z]*"}); n != 1 ||
					err != nil {
					t.Errorf("DeleteMany = %d, %v", n, err)
				}
				delete(want, "?")
				check("DeleteMany")
				got, err := u.GetMany(ctx(t), keys)
				if err != nil || !sameUsers(got, want) {
					t.Errorf("GetMany gives %d records, %v, want %d", len(got), err, len(want))
				}
				all, failed := collect(ctx(t), u)
				if len(failed) != 0 || !sameUsers(all, want) {
					t.Errorf("All gives %d records and the errors %v, want %d", len(all), failed,
						len(want))
				}
				if n, err := u.Len(ctx(t)); n != len(want) || err != nil {
					t.Errorf("Len = %d, %v, want %d", n, err, len(want))
				}
				if res, err := u.Sweep(ctx(t), time.Minute); res.Scanned != len(want) ||
					err != nil {
					t.Errorf("Sweep looked at %d records, %v, want %d", res.Scanned, err, len(want))
				}
				check("a walk")
				for _, key := range keys { // all idle now
					must(t, b.Client.PExpire(ctx(t), name+":"+key, time.Minute).Err())
				}
				if _, err := u.Sweep(ctx(t), 30*time.Minute); err != nil {
					t.Error(err)
				}
				check("Sweep")
				must(t, u.SetMany(ctx(t), want))
				if n, err := u.Clear(ctx(t)); n != len(want) || err != nil {
					t.Errorf("Clear = %d, %v, want %d", n, err, len(want))
				}
				check("Clear")
			})
		}
	})
}

func sameUsers(a, b map[string]User) bool {
	return maps.EqualFunc(a, b, func(a, b User) bool { return a.Age == b.Age })
}
