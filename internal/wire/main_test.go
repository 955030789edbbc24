package wire

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/parallel"
	"github.com/activettl/rediscache/internal/redistest"
)

// Tests that call t.Parallel mostly wait.
func TestMain(m *testing.M) {
	parallel.Default(4)
	redistest.Main(m)
}

func newClient(t *testing.T, rdb redis.UniversalClient, autoPipeline bool) *Client {
	t.Helper()
	c, err := New(rdb, autoPipeline)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// echoScript returns its argument.
var echoScript = NewScript("return ARGV[1]")
