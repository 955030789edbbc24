package peers

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// raw is go-redis by hand: one command and one call of the encoding library.
func raw(p place) side {
	return side{
		name: "go-redis by hand", kind: floor,
		commands: 1,
		sliding: func(ctx context.Context, id int64) (User, error) {
			return p.decode(p.rdb.GetEx(ctx, p.key(id), hour).Bytes())
		},
		get: func(ctx context.Context, id int64) (User, error) {
			return p.decode(p.rdb.Get(ctx, p.key(id)).Bytes())
		},
		set: func(ctx context.Context, id int64, u User) error {
			data, err := p.format.Marshal(u)
			if err != nil {
				return err
			}
			return p.rdb.Set(ctx, p.key(id), data, hour).Err()
		},
		getMany: func(ctx context.Context, ids []int64) (map[int64]User, error) {
			pipe := p.rdb.Pipeline()
			cmds := make([]*redis.StringCmd, len(ids))
			for i, id := range ids {
				cmds[i] = pipe.Get(ctx, p.key(id))
			}
			if _, err := pipe.Exec(ctx); err != nil {
				return nil, err
			}
			users := make(map[int64]User, len(ids))
			for i, cmd := range cmds {
				u, err := p.decode(cmd.Bytes())
				if err != nil {
					return nil, err
				}
				users[ids[i]] = u
			}
			return users, nil
		},
		setMany: func(ctx context.Context, users map[int64]User) error {
			pipe := p.rdb.Pipeline()
			for id, u := range users {
				data, err := p.format.Marshal(u)
				if err != nil {
					return err
				}
				pipe.Set(ctx, p.key(id), data, hour)
			}
			_, err := pipe.Exec(ctx)
			return err
		},
	}
}

// nearRaw is GET and decode with the near cache of go-redis.
func nearRaw(p place) side {
	p.rdb = newClient(p, redis.Options{Addr: p.addr, Protocol: 3,
		ClientSideCacheConfig: &redis.ClientSideCacheConfig{}})
	return side{name: "go-redis, ClientSideCacheConfig", kind: onRedis, get: raw(p).get}
}
