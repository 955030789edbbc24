package peers

import (
	"context"

	rcache "github.com/jkratz55/redis-cache"
)

// jkratz is jkratz55/redis-cache, the only peer with its own sliding read.
func jkratz(p place) side {
	c := rcache.New(p.rdb, rcache.Serialization(p.format.Marshal, p.format.Unmarshal))
	return side{
		name: "jkratz55/redis-cache", kind: onRedis,
		commands: 1,
		sliding: p.filled(func(ctx context.Context, key string, v any) error {
			return c.GetAndExpire(ctx, key, v, hour)
		}),
		get: p.filled(c.Get),
		set: func(ctx context.Context, id int64, u User) error {
			return c.SetWithTTL(ctx, p.key(id), u, hour)
		},
		getMany: func(ctx context.Context, ids []int64) (map[int64]User, error) {
			keys, back := p.keys(ids)
			found, err := rcache.MGet[User](ctx, c, keys...)
			users := make(map[int64]User, len(found))
			for key, u := range found {
				users[back[key]] = u
			}
			return users, err
		},
		setMany: func(ctx context.Context, users map[int64]User) error {
			values := make(map[string]any, len(users))
			for id, u := range users {
				values[p.key(id)] = u
			}
			return c.MSetWithTTL(ctx, values, hour)
		},
	}
}
