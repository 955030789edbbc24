package cache_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A cache talks only to a server that it trusts, and shows its own certificate. Otherwise the
// connection fails before a key or a password is sent.
func TestTLS(t *testing.T) {
	good, expired := redistest.StartSecure(t, "~* +@all"), redistest.StartExpired(t)
	var others *x509.CertPool // another authority, which did not sign the server's certificate
	var otherCerts []tls.Certificate
	redistest.Secure(t).Client(t, func(o *redis.UniversalOptions) {
		others, otherCerts = o.TLSConfig.RootCAs, o.TLSConfig.Certificates
	})
	for _, tt := range []struct {
		name   string
		server *redistest.Server
		change func(*tls.Config)
		want   func(error) bool // nil for success
	}{
		{"valid", good, func(*tls.Config) {}, nil},
		{"valid, TLS 1.2", good, func(c *tls.Config) {
			c.MaxVersion = tls.VersionTLS12
		}, nil},
		{"wrong CA", good, func(c *tls.Config) {
			c.RootCAs = others
		}, isError[x509.UnknownAuthorityError]},
		{"only the machine's CAs", good, func(c *tls.Config) {
			c.RootCAs = nil
		}, isError[x509.UnknownAuthorityError]},
		{"wrong name", good, func(c *tls.Config) {
			c.ServerName = "redis.example.com"
		}, isError[x509.HostnameError]},
		{"expired", expired, func(c *tls.Config) { c.Time = nil }, func(err error) bool {
			invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && invalid.Reason == x509.Expired
		}},
		{"expired, but not by the client's clock", expired, func(*tls.Config) {}, nil},
		{"no client certificate", good, func(c *tls.Config) {
			c.Certificates = nil
		}, refused("certificate required")},
		{"client certificate of another CA", good, func(c *tls.Config) {
			c.Certificates = otherCerts
		}, refused("unknown certificate authority")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			admin := tt.server.Client(t)
			must(t, admin.FlushDB(ctx(t)).Err())
			rdb := tt.server.Client(t, func(o *redis.UniversalOptions) {
				o.TLSConfig = o.TLSConfig.Clone()
				tt.change(o.TLSConfig)
				o.DialerRetries, o.MaxRetries = 1, -1
			})
			users := mustNew[int64](t, rdb, "users", jsonUsers, active())
			err := users.Set(ctx(t), 1, ann)
			if tt.want == nil {
				must(t, err)
				got, err := users.Get(ctx(t), 1)
				wantUser(t, got, err, ann)
				return
			}
			if _, ok := errors.AsType[*cache.Error](err); !ok || !tt.want(err) {
				t.Errorf("Set: %v", err)
			}
			if n := admin.DBSize(ctx(t)).Val(); n != 0 {
				t.Errorf("Set was refused and wrote %d records", n)
			}
		})
	}
}

// REDIS_TLS trusts the machine's authorities, and no others.
func TestTLSOfConfig(t *testing.T) {
	host, port, err := net.SplitHostPort(redistest.Secure(t).Addr())
	must(t, err)
	n, err := strconv.Atoi(port)
	must(t, err)
	rdb := cache.Config{Host: host, Port: n, TLS: true, Password: cache.NewSecret("hunter2"),
		DefaultTTL: time.Hour}.Client()
	defer rdb.Close()
	err = mustNew[int64](t, rdb, "users", jsonUsers, nil).Set(ctx(t), 1, ann)
	if !isError[x509.UnknownAuthorityError](err) {
		t.Errorf("Set on a server with an unknown authority: %v", err)
	}
}

func isError[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// refused matches errors after a server has rejected the client. With TLS 1.3, the client may have
// sent a command already. The server's kernel then resets the connection, and the alert may be
// lost.
func refused(alert string) func(error) bool {
	texts := []string{alert, "reset", "broken pipe", "EOF"}
	return func(err error) bool {
		return slices.ContainsFunc(texts, func(text string) bool {
			return strings.Contains(fmt.Sprint(err), text)
		})
	}
}
