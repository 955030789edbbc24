package cachetest

import (
	"testing"

	"github.com/activettl/rediscache/internal/near"
)

// CheckShared finds callers that modify a value which a cache with Options.Near keeps in memory.
// The test fails when such a value is read from memory again.
//
// Call it before the caches are made. It needs a real server, since miniredis does not track keys.
// In those caches each answer from memory costs a comparison of two values.
func CheckShared(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(near.WatchShared(func(cache string, err error) {
		tb.Errorf("rediscache: cache %s: %v", cache, err)
	}))
}
