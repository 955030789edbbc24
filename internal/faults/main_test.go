package faults

import (
	"testing"

	"github.com/activettl/rediscache/internal/parallel"
	"github.com/activettl/rediscache/internal/redistest"
)

// The scenarios mostly wait, and each has its own servers.
func TestMain(m *testing.M) {
	parallel.Default(8)
	redistest.Main(m)
}

// skipsShort skips a test with -short whose servers alone take seconds to start.
func skipsShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short plays other scenarios")
	}
}
