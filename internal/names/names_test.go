package names_test

import (
	"strings"
	"testing"

	"github.com/activettl/rediscache/internal/names"
)

// Of finds the cache that has written a key.
func TestOf(t *testing.T) {
	for _, full := range []string{"users", "shop/prod/users", "a.b-c_d", strings.Repeat("n", 256)} {
		n, err := names.New("", full)
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]bool{
			n.Key("42"): true, n.Key("a:b!c"): true, n.Key("\x00"): true, n.Key(""): true,
			n.Sweep(): false, n.Seen(3): false, n.Load(n.Key("a:b")): false,
			n.Near() + ":01": false, n.Longest(): false,
		} {
			if got, record, ok := names.Of(key); got != full || record != want || !ok {
				t.Errorf("Of(%.40q) = %.40q, %v, %v", key, got, record, ok)
			}
		}
	}
	for _, key := range []string{"", ":", ":x", "!x", "users", "a b:c", "a\n:c", "a*:b",
		strings.Repeat("n", 257) + ":x"} {
		if got, _, ok := names.Of(key); ok {
			t.Errorf("Of(%.40q) = %.40q", key, got)
		}
	}
}
