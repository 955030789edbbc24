package peers

import (
	"context"

	jet "github.com/mgtv-tech/jetcache-go"
	"github.com/mgtv-tech/jetcache-go/encoding/json"
	"github.com/mgtv-tech/jetcache-go/local"
	"github.com/mgtv-tech/jetcache-go/remote"
	"github.com/mgtv-tech/jetcache-go/stats"
)

func jetcache(p place) side { return jetcacheWith(p, "jetcache-go") }

func nearJetcache(p place) side {
	return jetcacheWith(p, "jetcache-go, FreeCache",
		jet.WithLocal(local.NewFreeCache(64*local.MB, hour)))
}

// jetcacheWith disables the statistics: they log from a goroutine that cannot be stopped.
func jetcacheWith(p place, name string, opts ...jet.Option) side {
	c := jet.New(append(opts, jet.WithRemote(remote.NewGoRedisV9Adapter(p.rdb)),
		jet.WithCodec(json.Name),
		jet.WithRemoteExpiry(hour), jet.WithStatsHandler(stats.NewHandles(true)))...)
	p.Cleanup(c.Close)
	typed := jet.NewT[int64, User](c)
	get := p.filled(c.Get)
	return side{
		name: name, kind: onRedis,
		commands: 2, sliding: p.renewed(get),
		get: get,
		set: func(ctx context.Context, id int64, u User) error {
			return typed.Set(ctx, p.name, id, u)
		},
		getMany: func(ctx context.Context, ids []int64) (map[int64]User, error) {
			return typed.MGetWithErr(ctx, p.name, ids, nil)
		},
	}
}
