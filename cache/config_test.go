package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// environment sets the variables of one test, and none of the machine's.
func environment(t *testing.T, vars map[string]string) {
	t.Helper()
	for _, name := range []string{
		"REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_TLS",
		"REDIS_ADDRS", "REDIS_MASTER_NAME", "REDIS_DEFAULT_TTL", "REDIS_ACTIVE_TTL",
		"REDIS_SWEEP_INTERVAL", "REDIS_SWEEP_IDLE",
	} {
		t.Setenv(name, vars[name])
	}
}

func TestFromEnv(t *testing.T) {
	defaults := cache.Config{Host: "localhost", Port: 6379, DefaultTTL: time.Hour}
	tests := []struct {
		name string
		vars map[string]string
		want func(*cache.Config)
	}{
		{"nothing", nil, func(c *cache.Config) {}},
		{"one server", map[string]string{
			"REDIS_HOST": "10.1.2.3", "REDIS_PORT": "6380", "REDIS_DB": "3",
			"REDIS_USERNAME": "app", "REDIS_PASSWORD": "secret",
			"REDIS_TLS": "true", "REDIS_DEFAULT_TTL": "60", "REDIS_ACTIVE_TTL": "false",
		}, func(c *cache.Config) {
			*c = cache.Config{Host: "10.1.2.3", Port: 6380, DB: 3, Username: "app",
				Password: c.Password, TLS: true, DefaultTTL: time.Minute, FixedTTL: true}
		}},
		{"IPv6", map[string]string{"REDIS_HOST": "::1"}, func(c *cache.Config) { c.Host = "::1" }},
		{"Go duration", map[string]string{"REDIS_DEFAULT_TTL": "90m"}, func(c *cache.Config) {
			c.DefaultTTL = 90 * time.Minute
		}},
		{"milliseconds", map[string]string{"REDIS_DEFAULT_TTL": "1ms"}, func(c *cache.Config) {
			c.DefaultTTL = time.Millisecond
		}},
		{"sweep", map[string]string{"REDIS_SWEEP_INTERVAL": "60", "REDIS_SWEEP_IDLE": "20m"},
			func(c *cache.Config) {
				c.SweepInterval, c.SweepIdle = time.Minute, 20*time.Minute
			}},
		{"cluster", map[string]string{"REDIS_ADDRS": "a:1, b:2"}, func(c *cache.Config) {
			c.Addrs = []string{"a:1", "b:2"}
		}},
		{"Sentinels",
			map[string]string{"REDIS_ADDRS": "a:1,[::1]:2", "REDIS_MASTER_NAME": "m",
				"REDIS_DB": "1"}, func(c *cache.Config) {
				c.Addrs, c.MasterName, c.DB = []string{"a:1", "[::1]:2"}, "m", 1
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environment(t, tt.vars)
			got, err := cache.FromEnv()
			if err != nil {
				t.Fatal(err)
			}
			if got.Password.Reveal() != tt.vars["REDIS_PASSWORD"] {
				t.Errorf("the password is %q", got.Password.Reveal())
			}
			want := defaults
			tt.want(&want)
			got.Password, want.Password = cache.Secret{}, cache.Secret{}
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// The zero Config is that of an empty environment.
func TestZeroConfig(t *testing.T) {
	environment(t, nil)
	empty, err := cache.FromEnv()
	must(t, err)
	var zero cache.Config
	if a, b := fmt.Sprint(zero.Options().TTL), fmt.Sprint(empty.Options().TTL); a != b {
		t.Errorf("the policy of the zero Config is %s, want %s", a, b)
	}
	address := func(c cache.Config) string {
		rdb := c.Client().(*redis.Client)
		defer rdb.Close()
		return rdb.Options().Addr
	}
	if a, b := address(zero), address(empty); a != b {
		t.Errorf("the zero Config asks %s, want %s", a, b)
	}
}

func TestFromEnvRefuses(t *testing.T) {
	tests := []struct {
		name string
		vars map[string]string
		want []string // the variables to blame
	}{
		{"Kubernetes' REDIS_PORT", map[string]string{"REDIS_PORT": "tcp://10.0.0.1:6379"},
			[]string{"REDIS_PORT takes a port number"}},
		{"port 0", map[string]string{"REDIS_PORT": "0"}, []string{"REDIS_PORT"}},
		{"port 65536", map[string]string{"REDIS_PORT": "65536"}, []string{"REDIS_PORT"}},
		{"host with port", map[string]string{"REDIS_HOST": "redis:6379"},
			[]string{"REDIS_HOST takes a host name"}},
		{"URL as host", map[string]string{"REDIS_HOST": "redis://:secret@host"},
			[]string{"REDIS_HOST"}},
		{"negative DB", map[string]string{"REDIS_DB": "-1"}, []string{"REDIS_DB"}},
		{"text as DB", map[string]string{"REDIS_DB": "secret"}, []string{"REDIS_DB"}},
		{"TLS", map[string]string{"REDIS_TLS": "on"}, []string{"REDIS_TLS takes true or false"}},
		{"active", map[string]string{"REDIS_ACTIVE_TTL": "yes"},
			[]string{"REDIS_ACTIVE_TTL takes true or false"}},
		{"TTL 0", map[string]string{"REDIS_DEFAULT_TTL": "0"},
			[]string{"REDIS_DEFAULT_TTL takes seconds"}},
		{"TTL negative", map[string]string{"REDIS_DEFAULT_TTL": "-9223372037"},
			[]string{"REDIS_DEFAULT_TTL"}},
		{"TTL huge", map[string]string{"REDIS_DEFAULT_TTL": "9223372037"},
			[]string{"REDIS_DEFAULT_TTL"}},
		{"TTL short", map[string]string{"REDIS_DEFAULT_TTL": "10us"},
			[]string{"REDIS_DEFAULT_TTL"}},
		{"TTL fraction", map[string]string{"REDIS_DEFAULT_TTL": "1.5"},
			[]string{"REDIS_DEFAULT_TTL"}},
		{"TTL text", map[string]string{"REDIS_DEFAULT_TTL": "secret"},
			[]string{"REDIS_DEFAULT_TTL"}},
		{"address without port", map[string]string{"REDIS_ADDRS": "a:1,b"},
			[]string{"REDIS_ADDRS takes host:port"}},
		{"empty address", map[string]string{"REDIS_ADDRS": "a:1,"}, []string{"REDIS_ADDRS"}},
		{"URL as address", map[string]string{"REDIS_ADDRS": "redis://u:secret@a:1"},
			[]string{"REDIS_ADDRS"}},
		{"master without Sentinels", map[string]string{"REDIS_MASTER_NAME": "m"},
			[]string{"REDIS_MASTER_NAME needs REDIS_ADDRS"}},
		{"DB of a cluster", map[string]string{"REDIS_ADDRS": "a:1", "REDIS_DB": "1"},
			[]string{"REDIS_DB must be 0"}},
		{"user without password", map[string]string{"REDIS_USERNAME": "app"},
			[]string{"REDIS_USERNAME needs REDIS_PASSWORD"}},
		{"interval alone", map[string]string{"REDIS_SWEEP_INTERVAL": "60"},
			[]string{"REDIS_SWEEP_IDLE must be set"}},
		{"idle time alone", map[string]string{"REDIS_SWEEP_IDLE": "60"},
			[]string{"REDIS_SWEEP_INTERVAL must be set"}},
		{"sweep interval", map[string]string{"REDIS_SWEEP_INTERVAL": "0", "REDIS_SWEEP_IDLE": "60"},
			[]string{"REDIS_SWEEP_INTERVAL takes seconds"}},
		{"sweep idle", map[string]string{"REDIS_SWEEP_INTERVAL": "60", "REDIS_SWEEP_IDLE": "-1"},
			[]string{"REDIS_SWEEP_IDLE takes seconds"}},
		{"sweep idle of the TTL",
			map[string]string{"REDIS_SWEEP_INTERVAL": "60",
				"REDIS_SWEEP_IDLE": "1h"},
			[]string{"REDIS_SWEEP_IDLE must be less than REDIS_DEFAULT_TTL"}},
		{"two at once",
			map[string]string{"REDIS_DB": "x", "REDIS_TLS": "x",
				"REDIS_PASSWORD": "secret"}, []string{"REDIS_DB", "REDIS_TLS"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environment(t, tt.vars)
			got, err := cache.FromEnv()
			if err == nil {
				t.Fatalf("got %+v", got)
			}
			if n := strings.Count(err.Error(), "REDIS_"); len(tt.want) > 1 && n != len(tt.want) {
				t.Errorf("%v blames %d variables, want %v", err, n, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%q shows a value", err)
			}
		})
	}
}

func TestPasswordDoesNotShow(t *testing.T) {
	environment(t, map[string]string{"REDIS_PASSWORD": "hunter2"})
	cfg, err := cache.FromEnv()
	must(t, err)
	// fmt calls no methods on unexported fields
	deep := struct{ cfg []cache.Config }{[]cache.Config{cfg}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{cfg, &cfg, cfg.Password, &cfg.Password, deep, &deep} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, "hunter2") ||
				strings.Contains(s, fmt.Sprintf("%x", "hunter2")) {
				t.Errorf("%s of a %T shows the password: %s", verb, v, s)
			}
		}
	}
	if b, err := json.Marshal(cfg); err != nil || strings.Contains(string(b), "hunter2") ||
		!strings.Contains(string(b), "[redacted]") {
		t.Errorf("JSON of the Config is %s, %v", b, err)
	}
	if s := fmt.Sprint(cache.Secret{}); s != "" {
		t.Errorf("the empty Secret is printed as %q", s)
	}
}

// The environment leads to a cache that works, on one server and on a cluster.
func TestFromEnvToCache(t *testing.T) {
	s := redistest.Start(t, "--requirepass", "hunter2")
	host, port, err := net.SplitHostPort(s.Addr())
	must(t, err)
	t.Run("one server", func(t *testing.T) {
		name := "users"
		for _, activeTTL := range []string{"true", "false"} {
			environment(t, map[string]string{
				"REDIS_HOST": host, "REDIS_PORT": port, "REDIS_DB": "2",
				"REDIS_PASSWORD":    "hunter2",
				"REDIS_DEFAULT_TTL": "90m", "REDIS_ACTIVE_TTL": activeTTL,
				"REDIS_SWEEP_INTERVAL": "60", "REDIS_SWEEP_IDLE": "30m",
			})
			rdb, policy := fromEnv(t, name)
			if _, ok := rdb.(*redis.Client); !ok {
				t.Errorf("Client is a %T", rdb)
			}
			if got, want := policy.Terms(),
				(ttl.Terms{TTL: 90 * time.Minute, Renews: activeTTL == "true"}); got != want {
				t.Errorf("the policy is %+v, want %+v", got, want)
			}
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		environment(t,
			map[string]string{"REDIS_HOST": host, "REDIS_PORT": port, "REDIS_PASSWORD": "hunter3"})
		cfg, err := cache.FromEnv()
		must(t, err)
		rdb := cfg.Client()
		defer rdb.Close()
		u := mustNew[int64](t, rdb, "users", jsonUsers, cfg.Options())
		if err := u.Set(ctx(t), 1, ann); err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("Set with a wrong password: %v", err)
		}
	})
	t.Run("deadline", func(t *testing.T) { // of a server that never answers
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer silent.Close()
		_, port, err := net.SplitHostPort(silent.Addr().String())
		must(t, err)
		environment(t, map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": port})
		cfg, err := cache.FromEnv()
		must(t, err)
		rdb := cfg.Client()
		defer rdb.Close()
		short, cancel := context.WithTimeout(ctx(t), 50*time.Millisecond)
		defer cancel()
		begun := time.Now()
		_, err = mustNew[int64](t, rdb, "users", jsonUsers, cfg.Options()).Peek(short, 1)
		if d := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || d > 3*time.Second {
			t.Errorf("Peek = %v after %v", err, d)
		}
	})
	t.Run("cluster", func(t *testing.T) {
		environment(t, map[string]string{"REDIS_ADDRS": redistest.Cluster(t).Addrs()[0]})
		name := redistest.UniqueName(t)
		if rdb, _ := fromEnv(t, name); rdb != nil {
			if _, ok := rdb.(*redis.ClusterClient); !ok {
				t.Errorf("Client is a %T", rdb)
			}
		}
	})
}

func fromEnv(t *testing.T, name string) (redis.UniversalClient, ttl.Policy) {
	t.Helper()
	cfg, err := cache.FromEnv()
	must(t, err)
	rdb := cfg.Client()
	t.Cleanup(func() { _ = rdb.Close() })
	u := mustNew[int64](t, rdb, name, jsonUsers, cfg.Options())
	must(t, u.Set(ctx(t), 1, ann))
	got, err := u.Get(ctx(t), 1)
	wantUser(t, got, err, ann)
	must(t, u.Delete(ctx(t), 1))
	return rdb, cfg.Options().TTL
}
