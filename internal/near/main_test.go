package near

import (
	"testing"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }
