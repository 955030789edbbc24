package peers

import (
	"context"
	"encoding/json"
	"net"
	"strconv"
	"testing"

	ekocache "github.com/eko/gocache/lib/v4/cache"
	"github.com/eko/gocache/lib/v4/marshaler"
	"github.com/eko/gocache/lib/v4/store"
	ekoredis "github.com/eko/gocache/store/redis/v4"
	gocache9 "github.com/go-redis/cache/v9"
	jet "github.com/mgtv-tech/jetcache-go"
	jetjson "github.com/mgtv-tech/jetcache-go/encoding/json"
	"github.com/mgtv-tech/jetcache-go/remote"
	"github.com/mgtv-tech/jetcache-go/stats"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidisaside"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/ttl"
)

// loaderFunc gets a record from its source.
type loaderFunc func(ctx context.Context, id int64) (User, error)

// process is one process of a service, as Redis sees it: it has its own client and cache. get
// returns a record from the cache, or from the loader of the process.
type process struct {
	get func(ctx context.Context, id int64) (User, error)
	del func(ctx context.Context, id int64) error
}

// loadSide is a library with a call that loads missing records.
type loadSide struct {
	name string
	kind kind
	open func(p loadPlace, loader loaderFunc) process
}

// loadPlace has the server's address and the cache's name. Clients are closed when the test ends.
type loadPlace struct {
	testing.TB
	addr, name string
}

func (p loadPlace) key(id int64) string { return p.name + ":" + strconv.FormatInt(id, 10) }

// loadSides are the sides of TestLoads, each opened as its users would open it.
var loadSides = []loadSide{
	{"rediscache GetOrLoad", ours, openRediscache},
	{"go-redis/cache Once", onRedis, openOnce},
	{"rueidisaside", other, openAside},
	{"jetcache-go", onRedis, openJetcache},
	{"eko/gocache Loadable", onRedis, openLoadable},
}

// openRediscache uses a client from cache.Config. Its TTL is Fixed: reads do not renew it, as with
// the other sides.
func openRediscache(p loadPlace, loader loaderFunc) process {
	host, text, err := net.SplitHostPort(p.addr)
	if err != nil {
		p.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		p.Fatal(err)
	}
	rdb := cache.Config{Host: host, Port: port}.Client()
	p.Cleanup(func() { _ = rdb.Close() })
	c, err := cache.New[int64](rdb, p.name, payload.JSON.Codec,
		&cache.Options{TTL: ttl.Fixed(hour)})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = c.Close() })
	return process{
		get: func(ctx context.Context, id int64) (User, error) {
			return c.GetOrLoad(ctx, id, loader)
		},
		del: func(ctx context.Context, id int64) error { return c.Delete(ctx, id) },
	}
}

func openOnce(p loadPlace, loader loaderFunc) process {
	c := gocache9.New(&gocache9.Options{
		Redis:   newClient(p.TB, redis.Options{Addr: p.addr}),
		Marshal: payload.JSON.Marshal, Unmarshal: payload.JSON.Unmarshal,
	})
	return process{
		get: func(ctx context.Context, id int64) (u User, err error) {
			err = c.Once(&gocache9.Item{
				Ctx: ctx, Key: p.key(id), Value: &u, TTL: hour,
				Do: func(i *gocache9.Item) (any, error) { return loader(i.Context(), id) },
			})
			return u, err
		},
		del: func(ctx context.Context, id int64) error { return c.Delete(ctx, p.key(id)) },
	}
}

func openAside(p loadPlace, loader loaderFunc) process {
	c, err := rueidisaside.NewClient(rueidisaside.ClientOption{
		ClientOption: rueidis.ClientOption{InitAddress: []string{p.addr}}})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(c.Close)
	typed := rueidisaside.NewTypedCacheAsideClient(c,
		func(u *User) (string, error) { data, err := json.Marshal(u); return string(data), err },
		func(text string) (*User, error) {
			var u User
			err := json.Unmarshal([]byte(text), &u)
			return &u, err
		})
	return process{
		get: func(ctx context.Context, id int64) (User, error) {
			load := func(ctx context.Context, _ string) (*User, error) {
				u, err := loader(ctx, id)
				return &u, err
			}
			u, err := typed.Get(ctx, hour, p.key(id), load)
			if err != nil {
				return User{}, err
			}
			return *u, nil
		},
		del: func(ctx context.Context, id int64) error { return typed.Del(ctx, p.key(id)) },
	}
}

func openJetcache(p loadPlace, loader loaderFunc) process {
	c := jet.New(jet.WithRemote(remote.NewGoRedisV9Adapter(
		newClient(p.TB, redis.Options{Addr: p.addr}))),
		jet.WithCodec(jetjson.Name), jet.WithRemoteExpiry(hour),
		jet.WithStatsHandler(stats.NewHandles(true)))
	p.Cleanup(c.Close)
	typed := jet.NewT[int64, User](c)
	return process{
		get: func(ctx context.Context, id int64) (User, error) {
			return typed.Get(ctx, p.name, id, loader)
		},
		del: func(ctx context.Context, id int64) error { return c.Delete(ctx, p.key(id)) },
	}
}

// openLoadable puts the marshaler above the Loadable, so the loader returns bytes. The Redis store
// of eko/gocache does not take structs.
func openLoadable(p loadPlace, loader loaderFunc) process {
	redis := ekocache.New[any](ekoredis.NewRedis(newClient(p.TB, redis.Options{Addr: p.addr})))
	c := ekocache.NewLoadable(func(ctx context.Context, key any) (any, []store.Option, error) {
		id, err := strconv.ParseInt(key.(string)[len(p.name)+1:], 10, 64)
		if err != nil {
			return nil, nil, err
		}
		u, err := loader(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		data, err := payload.MsgPack.Marshal(u)
		return data, []store.Option{store.WithExpiration(hour)}, err
	}, redis)
	p.Cleanup(func() { _ = c.Close() })
	m := marshaler.New(c)
	return process{
		get: func(ctx context.Context, id int64) (u User, err error) {
			_, err = m.Get(ctx, p.key(id), &u)
			return u, err
		},
		del: func(ctx context.Context, id int64) error { return m.Delete(ctx, p.key(id)) },
	}
}
