package peers

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

func nearFixed(p place) side {
	return nearSide(p, "rediscache, Near, Fixed", ttl.Fixed(hour))
}

// nearTolerant has a tolerance so long that no record is due for renewal during a measurement.
func nearTolerant(p place) side {
	return nearSide(p, "rediscache, Near, Active with Tolerance", ttl.Active(hour, tolerance))
}

func nearSide(p place, name string, policy ttl.Policy) side {
	users := nearCache(p.TB, p.rdb, p.name, p.format.Codec, policy)
	remember(p.TB, users)
	return side{name: name, kind: ours, get: func(ctx context.Context, id int64) (User, error) {
		return users.Get(ctx, id)
	}}
}

func nearCache(
	tb testing.TB, rdb *redis.Client, name string, c codec.Codec[User], policy ttl.Policy,
) *cache.Cache[int64, User] {
	tb.Helper()
	users, err := cache.New[int64](rdb, name, c, &cache.Options{TTL: policy, Near: &cache.Near{}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = users.Close() })
	return users
}

// rememberLimit bounds how long a cache may take until it answers all reads from memory.
const rememberLimit = 5 * time.Second

// remember reads all records until each read is a hit.
func remember(tb testing.TB, users *cache.Cache[int64, User]) {
	tb.Helper()
	for start, hits := time.Now(), int64(0); hits != records; {
		if time.Since(start) > rememberLimit {
			tb.Fatalf("%d of %d reads are hits after %v: %+v", hits, records, rememberLimit,
				users.Stats().Near)
		}
		before := users.Stats().Near.Hits
		for id := range int64(records) {
			if _, err := users.Get(tb.Context(), id); err != nil {
				tb.Fatal(err)
			}
		}
		hits = users.Stats().Near.Hits - before
	}
}
