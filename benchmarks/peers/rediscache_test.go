package peers

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/ttl"
)

func rediscache(p place) side { return cacheWith(p, "rediscache", cache.Options{}) }

func autoPipelined(p place) side {
	return cacheWith(p, "rediscache, AutoPipeline", cache.Options{AutoPipeline: true})
}

// tolerance is so long that no record is due for renewal during a measurement.
var tolerance = ttl.Tolerance(10 * time.Minute)

// tolerant is a cache under a Tolerance. It reads via GET while a record is not due for renewal. It
// renews nothing in a slice, so it is apart from the sides that renew at each sliding read.
func tolerant(p place) side {
	s := cacheOn(p, "rediscache, Tolerance", p.rdb, ttl.Active(hour, tolerance), cache.Options{})
	s.kind = apart
	for id := range int64(records) {
		if id == checked {
			continue
		}
		if _, err := s.sliding(p.Context(), id); err != nil {
			p.Fatal(err)
		}
	}
	return s
}

func cacheWith(p place, name string, o cache.Options) side {
	return cacheOn(p, name, p.rdb, ttl.Active(hour), o)
}

func cacheOn(
	p place, name string, rdb redis.UniversalClient, sliding ttl.Policy, o cache.Options,
) side {
	open := func(policy ttl.Policy) *cache.Cache[int64, User] {
		o := o
		o.TTL = policy
		c, err := cache.New[int64](rdb, p.name, p.format.Codec, &o)
		if err != nil {
			p.Fatal(err)
		}
		p.Cleanup(func() { _ = c.Close() })
		return c
	}
	active, fixed := open(sliding), open(ttl.Fixed(hour))
	return side{
		name: name, kind: ours,
		commands: 1, sliding: active.Get,
		get:     fixed.Get,
		set:     func(ctx context.Context, id int64, u User) error { return fixed.Set(ctx, id, u) },
		getMany: fixed.GetMany,
		setMany: func(ctx context.Context, users map[int64]User) error {
			return fixed.SetMany(ctx, users)
		},
	}
}
