package peers

import (
	"context"

	"github.com/eko/gocache/lib/v4/cache"
	"github.com/eko/gocache/lib/v4/marshaler"
	"github.com/eko/gocache/lib/v4/store"
	ekoredis "github.com/eko/gocache/store/redis/v4"
)

// gocache is eko/gocache with its marshaler for structs, which supports only msgpack.
func gocache(p place) side {
	m := marshaler.New(cache.New[any](ekoredis.NewRedis(p.rdb)))
	get := func(ctx context.Context, id int64) (u User, err error) {
		_, err = m.Get(ctx, p.key(id), &u)
		return u, err
	}
	return side{
		name: "eko/gocache", kind: onRedis,
		commands: 2, sliding: p.renewed(get),
		get: get,
		set: func(ctx context.Context, id int64, u User) error {
			return m.Set(ctx, p.key(id), u, store.WithExpiration(hour))
		},
	}
}
