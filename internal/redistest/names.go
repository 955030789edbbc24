package redistest

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

var (
	run4  = strings.ToLower(rand.Text()[:4]) // tells this run from another one on the same server
	count atomic.Int64
)

// UniqueName returns a valid cache name (it matches [A-Za-z0-9._/-]+) that no other call returns.
// No such name is a prefix of another one. It starts with the test's name, so a key that is left
// over shows which test wrote it.
func UniqueName(tb testing.TB) string {
	tb.Helper()
	legal := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9',
			strings.ContainsRune("._/-", r):
			return r
		}
		return '_'
	}, tb.Name())
	// The number is padded, because T-1 would be a prefix of T-10: the check of one test would find
	// the other's keys.
	return fmt.Sprintf("%s-%s-%06d", legal, run4, count.Add(1))
}
