package peers

import (
	"context"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
)

// side is a library with a cache in it, and what its users call. A nil func is a
// call that the library does not have.
type side struct {
	name string
	kind kind

	// A sliding read renews the TTL; commands is how many it sends.
	sliding  func(ctx context.Context, id int64) (User, error)
	commands float64

	get     func(ctx context.Context, id int64) (User, error)
	set     func(ctx context.Context, id int64, u User) error
	getMany func(ctx context.Context, ids []int64) (map[int64]User, error) // renews nothing
	setMany func(ctx context.Context, users map[int64]User) error
}

// kind says what a side is measured for.
type kind int

const (
	floor   kind = iota // what a good user writes by hand
	ours                // rediscache
	onRedis             // a peer that goes through go-redis
	other               // a peer with a client of its own
	// a peer under conditions that the other sides do not have: shown, and nothing is promised
	apart
)

// place is where sides meet: one server, one format, keys of one prefix, and one
// client of go-redis for all who need no special one.
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

// filled is the read of a library whose Get fills a variable.
func (p place) filled(
	get func(ctx context.Context, key string, v any) error,
) func(context.Context, int64) (User, error) {
	return func(ctx context.Context, id int64) (u User, err error) {
		err = get(ctx, p.key(id), &u)
		return u, err
	}
}

// renewed adds a PEXPIRE to a read that does not renew, as users of libraries
// without a sliding read do.
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

// field is the sides that are compared with one another.
type field struct {
	format payload.Format
	sides  []func(place) side
}

// contenders are the sides of the tables without near caches, by format. The
// first two are the floor and the plain cache, with which the others are compared.
var contenders = []field{
	{payload.JSON,
		[]func(place) side{raw, rediscache, autoPipelined, tolerant, goRedisCache, jetcache, jkratz,
			rueidisPlain, rueidisDelayed, rueidisUncancelled}},
	{payload.MsgPack, []func(place) side{raw, rediscache, autoPipelined, gocache}},
}

// nearContenders are the sides of the tables of near caches, of which only get is used. The first
// two are the floor and ours, with which the others are compared.
var nearContenders = []field{
	{payload.JSON,
		[]func(place) side{inProcess, nearFixed, nearTolerant, nearRaw, nearGoRedisCache,
			nearJetcache, nearRueidis, nearAside}},
}
