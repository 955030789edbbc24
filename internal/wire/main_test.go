package wire

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func newClient(t *testing.T, rdb redis.UniversalClient, autoPipeline bool) *Client {
	t.Helper()
	c, err := New(rdb, autoPipeline)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// echoScript answers with its argument.
var echoScript = NewScript("return ARGV[1]")
