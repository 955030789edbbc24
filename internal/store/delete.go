package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Delete removes what the key holds, of any type. A key that holds nothing is no error. It costs
// one command.
func (s *Store) Delete(ctx context.Context, key string) error {
	d := deletion{store: s, key: key}
	one(ctx, s.wire, key, &d)
	return d.err
}

// DeleteMany does for each key what Delete does, in one round trip to each server for each chunk of
// 1000 keys. It returns how many keys it removed, and an error or nil for each key.
func (s *Store) DeleteMany(ctx context.Context, keys []string) (removed int, errs []error) {
	plans, errs := make([]deletion, len(keys)), make([]error, len(keys))
	for i, key := range keys {
		plans[i] = deletion{store: s, key: key}
	}
	send := func(by wire.Sender, part []int) {
		many(ctx, by, pick(keys, part), func(i int) plan { return &plans[part[i]] })
	}
	err := s.chunks(ctx, s.wire, keys, chunkKeys, chunkBytes, noBytes, send)
	for i := range plans {
		removed += plans[i].removed
		if errs[i] = plans[i].err; err != nil {
			errs[i] = err
		}
	}
	return removed, errs
}

// deletion is the plan of a Delete.
type deletion struct {
	store   *Store
	key     string
	args    [2]any
	removed int
	err     error
}

// next implements plan.
func (d *deletion) next(ctx context.Context, reply redis.Cmder) redis.Cmder {
	if reply == nil {
		d.store.writes(d.key)
		return redis.NewIntCmd(ctx, append(d.args[:0], "unlink", d.key)...)
	}
	d.removed, d.err = int(reply.(*redis.IntCmd).Val()), failure(reply)
	d.store.changed(d.key, change{removed: true}) // also after an error: it may have been removed
	return nil
}
