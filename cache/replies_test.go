package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/ttl"
)

// Replies that Redis never sends, as from a broken proxy, are errors that name the command, and
// never records. The errors show no data that was sent or received.
func TestUnexpectedReplies(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		"*2\r\n+secret\r\n:1\r\n", "*0\r\n", ":7\r\n", "$6\r\nsecret\r\n", "*-1\r\n",
		"%1\r\n+secret\r\n:1\r\n", "#t\r\n", ",1.5\r\n",
		"*2\r\n$6\r\nsecret\r\n:1\r\n", "*1\r\n*1\r\n$6\r\nsecret\r\n",
	} {
		for _, o := range []*cache.Options{active(), active(ttl.MaxAge(24 * hour)), tolerant(),
			fixed(), tracked()} {
			rdb := redis.NewClient(&redis.Options{
				Addr: "proxy:1", Dialer: replying(
					reply), MaxRetries: -1, DisableIdentity: true, Protocol: 2,
				ReadTimeout: 100 * time.Millisecond, DialerRetries: 1,
			})
			u := mustNew[string](t, rdb, "users", jsonUsers, o)
			short, cancel := context.WithTimeout(ctx(t), 10*time.Second)
			for op, do := range single(u, User{Name: "secret"}) {
				err := do(short, "k")
				if strings.Contains(fmt.Sprint(err), "secret") {
					t.Errorf("%s on %q shows %v", op, reply, err)
				}
			}
			for op, do := range several(u, User{Name: "secret"}) {
				if err := do(short); strings.Contains(fmt.Sprint(err), "secret") {
					t.Errorf("%s on %q shows %v", op, reply, err)
				}
			}
			_, err := u.Sweep(short, time.Minute)
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("Sweep on %q shows %v", reply, err)
			}
			if _, err := u.Inspect(short, "k"); err == nil ||
				!strings.Contains(err.Error(), "EVAL") && !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("Inspect on %q = %v, want an error that names the command", reply, err)
			}
			cancel()
			must(t, rdb.Close())
		}
	}
}
