package compare

import (
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis would log each failed attempt to connect
	redistest.Main(m)
}
