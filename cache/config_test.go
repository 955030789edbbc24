package cache_test

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// environment sets the variables of one test, and unsets those of the machine.
func environment(t *testing.T, vars map[string]string) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "REDIS") ||
			strings.HasPrefix(name, "VALKEY_") {
			t.Setenv(name, "") // an empty variable counts as not set
		}
	}
	for name, value := range vars {
		t.Setenv(name, value)
	}
}

// sameConfig compares Configs and their secrets.
func sameConfig(t *testing.T, got, want cache.Config) {
	t.Helper()
	secrets := cmp.Comparer(func(a, b cache.Secret) bool { return a.Reveal() == b.Reveal() })
	if diff := cmp.Diff(want, got, secrets, cmpopts.IgnoreUnexported(cache.Config{})); diff != "" {
		t.Errorf("the Config differs (-want +got):\n%s", diff)
	}
}

func TestFromEnv(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	password := file("hunter2\n")
	for name, tt := range map[string]struct {
		vars map[string]string
		want cache.Config
	}{
		"nothing": {nil, cache.Config{}},
		"empty": {map[string]string{"REDIS_HOST": "", "REDIS_PORT": " ", "REDIS_DB": "\n"},
			cache.Config{}},
		"one server": {map[string]string{
			"REDIS_HOST": "10.1.2.3", "REDIS_PORT": "6380", "REDIS_DB": "3",
			"REDIS_USERNAME": " app ", "REDIS_PASSWORD": "hunter2\n", "REDIS_TLS": "on",
			"REDIS_CLIENT_NAME": "web-1", "REDIS_POOL_SIZE": "20", "REDIS_DIAL_TIMEOUT": "2s",
			"REDIS_READ_TIMEOUT": "3",
		}, cache.Config{Host: "10.1.2.3", Port: 6380, DB: 3, Username: "app",
			Password: cache.NewSecret("hunter2"), TLS: true, ClientName: "web-1", PoolSize: 20,
			DialTimeout: 2 * time.Second, ReadTimeout: 3 * time.Second}},
		"IPv6":   {map[string]string{"REDIS_HOST": "[::1]"}, cache.Config{Host: "::1"}},
		"socket": {map[string]string{"REDIS_HOST": "/s"}, cache.Config{Host: "/s"}},
		"cluster": {map[string]string{"REDIS_ADDRS": "a:1, b:2,", "REDIS_READ_FROM": "nearest"},
			cache.Config{Addrs: []string{"a:1", "b:2"}, ReadFrom: cache.ReadNearest}},
		"Sentinels": {map[string]string{
			"REDIS_ADDRS": "a:1,[::1]:2", "REDIS_MASTER_NAME": "m", "REDIS_DB": "1",
			"REDIS_SENTINEL_USERNAME": "watcher", "REDIS_SENTINEL_PASSWORD": "hunter3",
			"REDIS_READ_FROM": "Replica",
		}, cache.Config{Addrs: []string{"a:1", "[::1]:2"}, MasterName: "m", DB: 1,
			SentinelUsername: "watcher", SentinelPassword: cache.NewSecret("hunter3"),
			ReadFrom: cache.ReadReplica}},
		"password file": {map[string]string{"REDIS_PASSWORD_FILE": password,
			"REDIS_USERNAME": "app"}, cache.Config{PasswordFile: password, Username: "app"}},
		"password file and the same password": {map[string]string{"REDIS_PASSWORD_FILE": password,
			"REDIS_PASSWORD": "hunter2"}, cache.Config{PasswordFile: password}},
		"active": {map[string]string{
			"REDIS_DEFAULT_TTL": "90m", "REDIS_ACTIVE_TTL": "Yes", "REDIS_MAX_AGE": "24h",
			"REDIS_TOLERANCE": "60", "REDIS_REFRESH": "10m", "REDIS_SWEEP_INTERVAL": "60",
			"REDIS_SWEEP_IDLE": "20m", "REDIS_NEAR_BYTES": "1MiB", "REDIS_NAMESPACE": "shop/prod/",
		}, cache.Config{DefaultTTL: 90 * time.Minute, MaxAge: 24 * hour, Tolerance: time.Minute,
			Refresh: 10 * time.Minute, SweepInterval: time.Minute, SweepIdle: 20 * time.Minute,
			NearBytes: 1 << 20, Namespace: "shop/prod/"}},
		"fixed": {map[string]string{
			"REDIS_ACTIVE_TTL": "off", "REDIS_JITTER": "10%", "REDIS_REFRESH": "10m",
			"REDIS_NEAR_STALENESS": "5",
		}, cache.Config{FixedTTL: true, Jitter: 0.1, Refresh: 10 * time.Minute,
			NearStaleness: 5 * time.Second}},

		"Kubernetes": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380"},
			cache.Config{Host: "10.0.0.11", Port: 6380}},
		"Kubernetes and a host": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_HOST": "redis"}, cache.Config{Host: "redis", Port: 6380}},
		"Kubernetes and its DNS name": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_HOST": "Redis.shop.svc.cluster.local"},
			cache.Config{Host: "redis.shop.svc.cluster.local", Port: 6380}},
		"Kubernetes and its namespace": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_HOST": "redis.shop"}, cache.Config{Host: "redis.shop", Port: 6380}},
		"Kubernetes and its address": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_HOST": "10.0.0.11"}, cache.Config{Host: "10.0.0.11", Port: 6380}},
		"Kubernetes and another host": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_HOST": "redis.example.com"}, cache.Config{Host: "redis.example.com"}},
		"Kubernetes and another address": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_HOST": "10.0.0.1"}, cache.Config{Host: "10.0.0.1"}},
		"Kubernetes and a socket": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_HOST": "/s"}, cache.Config{Host: "/s"}},
		"Kubernetes and addresses": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_ADDRS": "a:1"}, cache.Config{Addrs: []string{"a:1"}}},
		"Kubernetes and a URL": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6380",
			"REDIS_URL": "redis://h"}, cache.Config{Host: "h", Port: 6379}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, tt.vars)
			got, err := cache.FromEnv()
			if err != nil {
				t.Fatal(err)
			}
			sameConfig(t, got, tt.want)
			if _, err := offline(t, got); err != nil {
				t.Errorf("no cache can be made of it: %v", err)
			}
		})
	}
}

// offline makes a cache of the Config. It sends nothing.
func offline(t *testing.T, cfg cache.Config) (*cache.Cache[int64, User], error) {
	t.Helper()
	o := cfg.Options()
	o.Near = nil // copies would connect
	if o.Sweeper != nil {
		o.Sweeper = idler{o.Sweeper}
	}
	universal := cfg.UniversalOptions()
	universal.MaintNotificationsConfig = &maintnotifications.Config{ // else go-redis resolves names
		Mode: maintnotifications.ModeDisabled,
	}
	rdb := redis.NewUniversalClient(universal)
	t.Cleanup(func() { _ = rdb.Close() })
	u, err := cache.New[int64](rdb, "users", jsonUsers, o)
	if err == nil {
		t.Cleanup(func() { _ = u.Close() })
	}
	return u, err
}

func TestConfigOptions(t *testing.T) {
	cfg := cache.Config{DefaultTTL: hour, MaxAge: 24 * hour, Tolerance: time.Minute,
		Refresh: time.Minute, SweepInterval: time.Minute, SweepIdle: 20 * time.Minute,
		NearBytes: 5, NearStaleness: time.Second, Namespace: "shop/"}
	want := cache.Options{
		TTL: ttl.Active(hour, ttl.MaxAge(24*hour), ttl.Tolerance(time.Minute),
			ttl.Refresh(time.Minute)),
		Sweeper:   sweep.Periodic{Interval: time.Minute, MaxIdle: 20 * time.Minute},
		Near:      &cache.Near{MaxBytes: 5, Staleness: time.Second},
		Namespace: "shop/",
	}
	if got := cfg.Options(); !reflect.DeepEqual(*got, want) {
		t.Errorf("Options are %+v, want %+v", *got, want)
	}
	cfg = cache.Config{FixedTTL: true, Jitter: 0.1}
	want = cache.Options{TTL: ttl.Fixed(hour, ttl.Jitter(0.1))}
	if got := cfg.Options(); !reflect.DeepEqual(*got, want) {
		t.Errorf("Options are %+v, want %+v", *got, want)
	}
}

// documented returns the variables and defaults in the table of FromEnv's documentation.
func documented(t *testing.T) [][2]string {
	t.Helper()
	file, err := parser.ParseFile(gotoken.NewFileSet(), "config_env.go", nil, parser.ParseComments)
	must(t, err)
	var rows [][2]string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "FromEnv" {
			continue
		}
		for line := range strings.Lines(f.Doc.Text()) {
			// Columns are at least two spaces apart.
			columns := regexp.MustCompile(`  +`).Split(strings.Trim(line, "\t \n"), -1)
			if strings.HasPrefix(line, "\tREDIS_") {
				rows = append(rows, [2]string{columns[0], columns[len(columns)-1]})
			}
			if strings.HasPrefix(line, "\t") && len(line) > 80 {
				t.Errorf("go doc would show %q wider than 80 columns", line)
			}
		}
	}
	return rows
}

// The table in the documentation lists exactly the variables that FromEnv reads.
func TestDocumentedVariables(t *testing.T) {
	read := cache.Variables()
	var rows []string
	for _, row := range documented(t) {
		rows = append(rows, row[0])
	}
	slices.Sort(read)
	slices.Sort(rows)
	if diff := cmp.Diff(read, rows); diff != "" {
		t.Errorf("the variables differ (-read +documented):\n%s", diff)
	}
}

// Setting a variable to its documented default changes nothing.
func TestDocumentedDefaults(t *testing.T) {
	environment(t, nil)
	empty, err := cache.FromEnv()
	must(t, err)
	sameConfig(t, empty, cache.Config{})
	same := func(t *testing.T, name string, cfg cache.Config) {
		t.Helper()
		if a, b := cfg.UniversalOptions(), empty.UniversalOptions(); !reflect.DeepEqual(a, b) {
			t.Errorf("with %s the client is %+v, without it is %+v", name, a, b)
		}
		if a, b := cfg.Options(), empty.Options(); !reflect.DeepEqual(a, b) {
			t.Errorf("with %s the options are %+v, without they are %+v", name, a, b)
		}
	}
	for _, row := range documented(t) {
		if name, value := row[0], row[1]; value != "none" && value != "10 per CPU" {
			t.Run(name, func(t *testing.T) {
				environment(t, map[string]string{name: value})
				cfg, err := cache.FromEnv()
				must(t, err)
				same(t, name, cfg)
			})
		}
	}
	rdb := empty.Client().(*redis.Client)
	defer rdb.Close()
	if addr := rdb.Options().Addr; addr != "localhost:6379" {
		t.Errorf("the zero Config uses %s", addr)
	}
}
