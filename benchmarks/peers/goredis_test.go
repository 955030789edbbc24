package peers

import (
	"context"

	"github.com/go-redis/cache/v9"
)

func goRedisCache(p place) side { return goRedisCacheWith(p, "go-redis/cache", nil) }

// nearGoRedisCache is go-redis/cache with its local cache, of the size in the README of
// go-redis/cache.
func nearGoRedisCache(p place) side {
	return goRedisCacheWith(p, "go-redis/cache, TinyLFU", cache.NewTinyLFU(10_000, hour))
}

// goRedisCacheWith passes the functions of the format. Without them, go-redis/cache compresses.
func goRedisCacheWith(p place, name string, local cache.LocalCache) side {
	c := cache.New(&cache.Options{
		Redis: p.rdb, LocalCache: local,
		Marshal: p.format.Marshal, Unmarshal: p.format.Unmarshal,
	})
	get := p.filled(c.Get)
	return side{
		name: name, kind: onRedis,
		commands: 2, sliding: p.renewed(get),
		get: get,
		set: func(ctx context.Context, id int64, u User) error {
			return c.Set(&cache.Item{Ctx: ctx, Key: p.key(id), Value: u, TTL: hour})
		},
	}
}
