package cache_test

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A client that does not fit the server is told which one would, once for a batch.
func TestErrorsNameTheRightClient(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		var rdb redis.UniversalClient
		want := "no cluster; use a redis.Client, or with cache.FromEnv REDIS_HOST"
		switch client := b.Client.(type) {
		case *redis.ClusterClient:
			rdb = redis.NewClient(&redis.Options{Addr: client.Options().Addrs[0]})
			want = "use a redis.ClusterClient, or with cache.FromEnv REDIS_ADDRS"
		case *redis.Client:
			o := client.Options()
			if b.Mini != nil {
				t.Skip("miniredis answers as a cluster too")
			}
			if _, _, err := net.SplitHostPort(o.Addr); err != nil {
				t.Skip("the client finds the server by Sentinels")
			}
			rdb = redis.NewClusterClient(&redis.ClusterOptions{
				Addrs: []string{o.Addr}, TLSConfig: o.TLSConfig,
				Username: o.Username, Password: o.Password,
			})
		}
		t.Cleanup(func() { _ = rdb.Close() })
		u := mustNew[int64](t, rdb, b.Name(), jsonUsers, nil)
		var ids []int64
		for id := range int64(50) {
			ids = append(ids, id)
		}
		_, err := u.GetMany(ctx(t), ids)
		if err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("GetMany = %v, want %q once", err, want)
		}
		if err := u.SetMany(ctx(t), anns(50)); err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("SetMany = %v, want %q once", err, want)
		}
	})
}

// A command that the server does not know is named, with what needs it.
func TestErrorsNameTheUnknownCommand(t *testing.T) {
	s := redistest.Start(t, "--rename-command", "GETEX", "")
	u := mustNew[int64](t, s.Client(t), "users", jsonUsers, &cache.Options{})
	_, err := u.Get(ctx(t), 1)
	if err == nil || !strings.Contains(err.Error(), "'getex' (for reads under an Active policy)") {
		t.Errorf("Get = %v", err)
	}
}

// A certificate of an unknown authority is told with what the client lacks.
func TestErrorsNameTheMissingAuthority(t *testing.T) {
	s := redistest.Secure(t)
	u := mustNew[int64](t, s.Client(t, func(o *redis.UniversalOptions) {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		o.DialerRetries, o.MaxRetries = 1, -1
	}), "users", jsonUsers, nil)
	if _, err := u.Get(ctx(t), 1); err == nil ||
		!strings.Contains(err.Error(), "REDIS_TLS_CA_FILE") {
		t.Errorf("Get = %v", err)
	}
}
