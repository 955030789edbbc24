package faults

import (
	"testing"

	"github.com/activettl/rediscache/internal/parallel"
	"github.com/activettl/rediscache/internal/redistest"
)

// The scenarios mostly wait, each for servers of its own.
func TestMain(m *testing.M) {
	parallel.Default(8)
	redistest.Main(m)
}

// skipsShort is for a test whose servers alone take seconds to start.
func skipsShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short plays other scenarios")
	}
}
