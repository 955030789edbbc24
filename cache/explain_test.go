package cache_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// With the wrong kind of client, the error names the right one, once per batch.
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

// If the server does not know a command, the error names it and what needs it.
func TestErrorsNameTheUnknownCommand(t *testing.T) {
	s := redistest.Start(t, "--rename-command", "GETEX", "")
	u := mustNew[int64](t, s.Client(t), "users", jsonUsers, &cache.Options{})
	_, err := u.Get(ctx(t), 1)
	if err == nil || !strings.Contains(err.Error(), "'getex' (for reads under an Active policy)") {
		t.Errorf("Get = %v", err)
	}
}

// If the certificate's authority is unknown, the error says what the client lacks.
func TestErrorsNameTheMissingAuthority(t *testing.T) {
	s, h := redistest.Secure(t), &recorder{}
	u := mustNew[int64](t, s.Client(t, func(o *redis.UniversalOptions) {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		o.DialerRetries, o.MaxRetries = 1, -1
	}), "users", jsonUsers, &cache.Options{Hook: h})
	if _, err := u.Get(ctx(t), 1); err == nil ||
		!strings.Contains(err.Error(), "REDIS_TLS_CA_FILE") {
		t.Errorf("Get = %v", err)
	}
	if op := h.ended[0]; op.ErrorType != "connection" {
		t.Errorf("the Hook gets %q for %v", op.ErrorType, op.Err)
	}
}

// Errors that callbacks return are not explained: they say nothing about the cache's client.
func TestErrorsOfCallersAreNotExplained(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		h := &recorder{}
		u := newUsers(t, b, &cache.Options{Hook: h})
		u.set(2, ann)
		for _, cause := range []error{x509.UnknownAuthorityError{}, answer("MOVED 1 other:6379")} {
			fails := func(context.Context, int64) (User, error) { return ann, cause }
			h.forget()
			_, one := u.GetOrLoad(ctx(t), 1, fails)
			_, again := u.Reload(ctx(t), 1, fails)
			_, many := u.GetOrLoadMany(ctx(t), []int64{1},
				func(context.Context, []int64) (map[int64]User, error) { return nil, cause })
			_, modify := u.Modify(ctx(t), 2, func(User) (User, error) { return ann, cause })
			for _, err := range []error{one, again, many, modify} {
				if e, ok := errors.AsType[*cache.Error](err); !ok || e.Err != cause {
					t.Errorf("%v comes back as %v", cause, err)
				}
			}
			for _, op := range h.ended {
				if op.Err == nil || !strings.HasSuffix(op.Err.Error(), ": "+cause.Error()) {
					t.Errorf("the Hook gets %v for %s", op.Err, op.Kind)
				}
			}
		}
	})
}
