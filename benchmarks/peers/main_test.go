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
	// hour is the TTL of all records, so that none expires during a measurement.
	hour = time.Hour

	// records is how many keys the calls cycle through.
	records = 1000

	// batch is how many records one call of GetMany or SetMany has.
	batch = 100

	// poolSize is the pool size of each go-redis client: the default of go-redis on two cores.
	poolSize = 20
)

// newClient returns a go-redis client with the defaults, except for poolSize and the options o.
func newClient(tb testing.TB, o redis.Options) *redis.Client {
	tb.Helper()
	o.PoolSize = poolSize
	rdb := redis.NewClient(&o)
	tb.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
