package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A loader may give its record its own TTL.
func TestOwnTTLOfALoader(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, p := range policies {
			t.Run(p.name, func(t *testing.T) {
				u := newUsers(t, b, p.o)
				var kept context.Context
				_, err := u.GetOrLoad(ctx(t), 1, func(ctx context.Context, _ int64) (User, error) {
					kept = ctx
					if err := cache.OwnTTL(ctx, 0); !errors.Is(err, cache.ErrTTL) {
						t.Errorf("a TTL of 0 gives %v", err)
					}
					return ann, cache.OwnTTL(ctx, 20*time.Minute)
				})
				must(t, err)
				u.wantLeft(1, 20*time.Minute)
				_, err = u.GetOrLoadMany(ctx(t), []int64{2, 3},
					func(ctx context.Context, _ []int64) (map[int64]User, error) {
						return map[int64]User{2: ann, 3: bob}, cache.OwnTTL(ctx, 2*hour)
					})
				must(t, err)
				u.wantLeft(2, 2*hour)
				u.wantLeft(3, 2*hour)
				for _, ctx := range []context.Context{ctx(t), kept} {
					if err := cache.OwnTTL(ctx, hour); err == nil {
						t.Error("OwnTTL gives nil outside a loader")
					}
				}
			})
		}
	})
}
