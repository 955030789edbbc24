package peers

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// User is the value that is cached.
type User = payload.User

const (
	// hour is every TTL: nothing expires while it is measured.
	hour = time.Hour

	// records is how many keys the calls go round.
	records = 1000

	// batch is how many records one call of GetMany or SetMany is for.
	batch = 100

	// poolSize is of every client of go-redis. It is go-redis' default on two
	// cores, said aloud.
	poolSize = 20
)

// newClient returns a client of go-redis as most of its users make one.
func newClient(tb testing.TB, o redis.Options) *redis.Client {
	tb.Helper()
	o.PoolSize = poolSize
	rdb := redis.NewClient(&o)
	tb.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
