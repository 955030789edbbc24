package redistest

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestSecure(t *testing.T) {
	s := Secure(t)
	if again := Secure(t); again != s {
		t.Error("the second call made a second server")
	}
	for _, tt := range []struct {
		name  string
		tweak func(*redis.UniversalOptions)
		want  string // a part of the error; empty for none
	}{
		{"as it should be", func(*redis.UniversalOptions) {}, ""},
		{"no certificate", func(o *redis.UniversalOptions) {
			o.TLSConfig = &tls.Config{RootCAs: s.tls.RootCAs, ServerName: "127.0.0.1",
				MinVersion: tls.VersionTLS12}
		}, "certificate required"},
		{"unknown authority", func(o *redis.UniversalOptions) {
			o.TLSConfig = &tls.Config{Certificates: s.tls.Certificates, ServerName: "127.0.0.1",
				MinVersion: tls.VersionTLS12}
		}, "unknown authority"},
		{"no TLS", func(o *redis.UniversalOptions) { o.TLSConfig = nil }, ""},
		{"wrong password", func(o *redis.UniversalOptions) { o.Password += "x" }, "WRONGPASS"},
		{"no user", func(o *redis.UniversalOptions) { o.Username, o.Password = "", "" }, "NOAUTH"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			impatient := func(o *redis.UniversalOptions) { o.DialerRetries, o.MaxRetries = 1, -1 }
			err := s.Client(t, tt.tweak, impatient).Ping(t.Context()).Err()
			if good := tt.name == "as it should be"; (err == nil) != good || err != nil &&
				!strings.Contains(err.Error(), tt.want) {
				t.Errorf("Ping: %v, want %q", err, tt.want)
			}
		})
	}
}

func TestStartSecure(t *testing.T) {
	rdb := StartSecure(t, "~a:* +get +ping", "--maxmemory", "7mb").Client(t)
	if err := rdb.Get(t.Context(), "a:1").Err(); err != redis.Nil {
		t.Errorf("GET of a key of its own: %v", err)
	}
	for what, err := range map[string]error{
		"a foreign key":     rdb.Get(t.Context(), "b:1").Err(),
		"another command":   rdb.Set(t.Context(), "a:1", "v", 0).Err(),
		"a command for all": rdb.Info(t.Context()).Err(),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
			t.Errorf("%s: %v, want NOPERM", what, err)
		}
	}
}
