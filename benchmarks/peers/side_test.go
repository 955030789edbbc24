package peers

import (
	"context"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
)

// side is a library with an open cache, and the calls that its users make. A nil func is a call
// that the library lacks.
type side struct {
	name string
	kind kind

	// sliding is a read that renews the TTL; commands is how many commands it sends.
	sliding  func(ctx context.Context, id int64) (User, error)
	commands float64

	get     func(ctx context.Context, id int64) (User, error)
	set     func(ctx context.Context, id int64, u User) error
	getMany func(ctx context.Context, ids []int64) (map[int64]User, error) // renews nothing
	setMany func(ctx context.Context, users map[int64]User) error
}

// kind is the role of a side in a comparison.
type kind int

const (
	floor   kind = iota // the same by hand
	ours                // rediscache
	onRedis             // a peer that uses go-redis
	other               // a peer with its own client
	apart               // a side under other conditions than the rest; it has no bounds
)

// place is what sides share: one server, one format, one prefix of keys, and one go-redis client
// for all sides that need no special one.
type place struct {
	testing.TB
	addr   string
	rdb    *redis.Client
	format payload.Format
	name   string
}

func (p place) key(id int64) string { return p.name + ":" + strconv.FormatInt(id, 10) }

// keys returns the keys of ids, and the id of each key.
func (p place) keys(ids []int64) ([]string, map[string]int64) {
	keys, back := make([]string, len(ids)), make(map[string]int64, len(ids))
	for i, id := range ids {
		keys[i] = p.key(id)
		back[keys[i]] = id
	}
	return keys, back
}

func (p place) decode(data []byte, err error) (User, error) {
	if err != nil {
		return User{}, err
	}
	var u User
	err = p.format.Unmarshal(data, &u)
	return u, err
}

// filled returns a read for a library whose Get fills a variable.
func (p place) filled(
	get func(ctx context.Context, key string, v any) error,
) func(context.Context, int64) (User, error) {
	return func(ctx context.Context, id int64) (u User, err error) {
		err = get(ctx, p.key(id), &u)
		return u, err
	}
}

// renewed adds a PEXPIRE to a read that does not renew. Users of libraries without a sliding read
// do the same.
func (p place) renewed(
	get func(context.Context, int64) (User, error),
) func(context.Context, int64) (User, error) {
	return func(ctx context.Context, id int64) (User, error) {
		u, err := get(ctx, id)
		if err != nil {
			return u, err
		}
		return u, p.rdb.PExpire(ctx, p.key(id), hour).Err()
	}
}

// field has the sides that are compared with one another.
type field struct {
	format payload.Format
	sides  []func(place) side
}

// contenders are the sides of the tables without near caches, by format. The first two are by hand
// and the plain cache; the others are compared with them.
var contenders = []field{
	{payload.JSON,
		[]func(place) side{raw, rediscache, autoPipelined, tolerant, goRedisCache, jetcache, jkratz,
			rueidisPlain, rueidisDelayed, rueidisUncancelled}},
	{payload.MsgPack, []func(place) side{raw, rediscache, autoPipelined, gocache}},
}

// nearContenders are the sides of the tables of near caches, which use only get. The first two are
// otter and rediscache; the others are compared with them.
var nearContenders = []field{
	{payload.JSON,
		[]func(place) side{inProcess, nearFixed, nearTolerant, nearRaw, nearGoRedisCache,
			nearJetcache, nearRueidis, nearAside}},
}
