package cachetest

import (
	"testing"

	"github.com/activettl/rediscache/internal/near"
)

// CheckShared finds callers that modify a value which a cache with Options.Near
// keeps in memory: the test fails when such a value is read from memory again. It
// is for caches that are made after it, on a real server, since miniredis does not
// track keys. Each answer from memory then costs a comparison of two values.
func CheckShared(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(near.WatchShared(func(cache string, err error) {
		tb.Errorf("rediscache: cache %s: %v", cache, err)
	}))
}
