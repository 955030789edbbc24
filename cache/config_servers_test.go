package cache_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// fromEnv makes a client and a cache from the environment, and uses them once.
func fromEnv(t *testing.T, vars map[string]string) (redis.UniversalClient, users) {
	t.Helper()
	environment(t, vars)
	cfg, err := cache.FromEnv()
	must(t, err)
	rdb := cfg.Client()
	t.Cleanup(func() { _ = rdb.Close() })
	name := redistest.UniqueName(t)
	u := users{mustNew[int64](t, rdb, name, jsonUsers, cfg.Options()), t, rdb}
	u.set(1, ann)
	got, err := u.Get(ctx(t), 1)
	wantUser(t, got, err, ann)
	return rdb, u
}

func TestFromEnvToOneServer(t *testing.T) {
	s := redistest.Start(t, "--requirepass", "hunter2")
	host, port, err := net.SplitHostPort(s.Addr())
	must(t, err)
	for _, activeTTL := range []string{"true", "false"} {
		rdb, u := fromEnv(t, map[string]string{
			"REDIS_HOST": host, "REDIS_PORT": port, "REDIS_DB": "2", "REDIS_PASSWORD": "hunter2",
			"REDIS_CLIENT_NAME": "web-1", "REDIS_DEFAULT_TTL": "90m", "REDIS_ACTIVE_TTL": activeTTL,
			"REDIS_SWEEP_INTERVAL": "60", "REDIS_SWEEP_IDLE": "30m",
		})
		if name := rdb.Do(ctx(t), "client", "getname").Val(); name != "web-1" {
			t.Errorf("the client's name is %v", name)
		}
		if left := u.left(1); left > 90*time.Minute || left < 89*time.Minute {
			t.Errorf("the record has %v left", left)
		}
	}
	environment(t, map[string]string{"REDIS_URL": "redis://:hunter3@" + s.Addr()})
	cfg, err := cache.FromEnv()
	must(t, err)
	rdb := cfg.Client()
	defer rdb.Close()
	u := mustNew[int64](t, rdb, "users", jsonUsers, cfg.Options())
	if err := u.Set(ctx(t), 1, ann); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("Set with a wrong password: %v", err)
	}
}

func TestFromEnvToACluster(t *testing.T) {
	addrs := redistest.Cluster(t).Addrs()
	for name, vars := range map[string]map[string]string{
		"one address": {"REDIS_ADDRS": addrs[0]},
		"URL":         {"REDIS_URL": "redis://" + strings.Join(addrs, ",")},
		"replicas": {"REDIS_ADDRS": addrs[0], "REDIS_READ_FROM": "replica",
			"REDIS_ACTIVE_TTL": "no"},
		"nearest": {"REDIS_ADDRS": addrs[0], "REDIS_READ_FROM": "nearest",
			"REDIS_ACTIVE_TTL": "no"},
	} {
		t.Run(name, func(t *testing.T) {
			rdb, _ := fromEnv(t, vars)
			if _, ok := rdb.(*redis.ClusterClient); !ok {
				t.Errorf("Client is a %T", rdb)
			}
		})
	}
}

func TestFromEnvToASocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "rc") // t.TempDir may be too long for the path of a socket
	must(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "redis.sock")
	redistest.Start(t, "--unixsocket", path)
	for name, vars := range map[string]map[string]string{
		"URL":  {"REDIS_URL": "unix://" + path + "?db=3"},
		"host": {"REDIS_HOST": path, "REDIS_DB": "3", "REDIS_PORT": "tcp://10.0.0.1:6379"},
	} {
		t.Run(name, func(t *testing.T) {
			rdb, _ := fromEnv(t, vars)
			info, err := rdb.Do(ctx(t), "client", "info").Text()
			if err != nil || !strings.Contains(info, path+":0") || // Valkey 9 adds brackets
				!strings.Contains(info, " db=3 ") {
				t.Errorf("the server says %q, %v", info, err)
			}
		})
	}
}

// The Sentinels have another user and password than the servers.
func TestFromEnvToSentinels(t *testing.T) {
	if testing.Short() {
		t.Skip("Sentinels take seconds to start")
	}
	g := redistest.StartSentinel(t, time.Minute)
	var addrs []string
	var master string
	admin := g.Client(t, func(o *redis.UniversalOptions) { addrs, master = o.Addrs, o.MasterName })
	must(t, admin.Do(ctx(t), "acl", "setuser", "app", "on", ">hunter2", "~*", "&*", "+@all").Err())
	for _, addr := range addrs {
		rdb := redis.NewClient(&redis.Options{Addr: addr})
		defer rdb.Close()
		must(t, rdb.Do(ctx(t), "acl", "setuser", "watcher", "on", ">hunter3", "+@all", "&*").Err())
		must(t, rdb.Do(ctx(t), "acl", "setuser", "default", "resetpass", ">other").Err())
	}
	vars := map[string]string{
		"REDIS_ADDRS": strings.Join(addrs, ","), "REDIS_MASTER_NAME": master, "REDIS_DB": "1",
		"REDIS_USERNAME": "app", "REDIS_PASSWORD": "hunter2",
		"REDIS_SENTINEL_USERNAME": "watcher", "REDIS_SENTINEL_PASSWORD": "hunter3",
	}
	t.Run("variables", func(t *testing.T) { fromEnv(t, vars) })
	t.Run("URL", func(t *testing.T) {
		fromEnv(t, map[string]string{"REDIS_URL": fmt.Sprintf(
			"redis://watcher:hunter3@%s/1?master_name=%s&username=app&password=hunter2",
			strings.Join(addrs, ","), master)})
	})
	t.Run("wrong password of the Sentinels", func(t *testing.T) {
		vars["REDIS_SENTINEL_PASSWORD"] = "hunter4"
		environment(t, vars)
		cfg, err := cache.FromEnv()
		must(t, err)
		rdb := cfg.Client()
		defer rdb.Close()
		err = mustNew[int64](t, rdb, "users", jsonUsers, nil).Set(ctx(t), 1, ann)
		if err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("Set: %v", err)
		}
	})
}

// Through Sentinels, replicas answer reads and the primary takes writes. The test runs a separate
// process: go-redis' client for this leaks a connection to a Sentinel when it is closed.
func TestFromEnvToReplicas(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program")
	}
	t.Parallel()
	var addrs []string
	var master string
	redistest.Sentinel(t).Client(t, func(o *redis.UniversalOptions) {
		addrs, master = o.Addrs, o.MasterName
	})
	file := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(file, []byte(replicasProgram), 0o600))
	for _, from := range []string{"replica", "nearest"} {
		cmd := exec.CommandContext(ctx(t), "go", "run", file)
		cmd.Env = append(os.Environ(), "REDIS_URL=redis://"+strings.Join(addrs, ",")+
			"?master_name="+master, "REDIS_READ_FROM="+from, "REDIS_ACTIVE_TTL=false")
		if out, err := cmd.CombinedOutput(); err != nil ||
			!strings.HasSuffix(string(out), "Ann\n") {
			t.Errorf("%s: it prints %q, %v", from, out, err)
		}
	}
}

const replicasProgram = `package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
)

func main() {
	ctx := context.Background()
	cfg, err := cache.FromEnv()
	if err != nil {
		panic(err)
	}
	names, err := cache.New[int64](cfg.Client(), "replicas", codec.String{}, cfg.Options())
	if err != nil {
		panic(err)
	}
	if err := names.Set(ctx, 1, "Ann"); err != nil {
		panic(err)
	}
	name, err := names.Get(ctx, 1)
	for errors.Is(err, cache.ErrNotFound) { // a replica lags behind
		name, err = names.Get(ctx, 1)
	}
	if err != nil {
		panic(err)
	}
	if n, err := names.Clear(ctx); n != 1 || err != nil {
		panic(fmt.Sprint(n, err))
	}
	fmt.Println(name)
}
`

func TestFromEnvPolicy(t *testing.T) {
	environment(t, map[string]string{"REDIS_DEFAULT_TTL": "90m"})
	cfg, err := cache.FromEnv()
	must(t, err)
	if got, want := cfg.Options().TTL.Terms(),
		(ttl.Terms{TTL: 90 * time.Minute, Renews: true}); got != want {
		t.Errorf("the policy is %+v, want %+v", got, want)
	}
}
