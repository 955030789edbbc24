package cache_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
)

// Variables as platforms and their manuals set them.
func TestPlatforms(t *testing.T) {
	pw := cache.NewSecret("hunter2")
	for name, tt := range map[string]struct {
		vars map[string]string
		want cache.Config
	}{
		"Heroku": {map[string]string{"REDIS_URL": "rediss://:hunter2@ec2-1-2-3-4.example.com:6380"},
			cache.Config{Host: "ec2-1-2-3-4.example.com", Port: 6380, Password: pw, TLS: true}},
		"Heroku, old": {map[string]string{"REDIS_URL": "redis://h:hunter2@ec2.example.com:6379"},
			cache.Config{Host: "ec2.example.com", Port: 6379, Username: "h", Password: pw}},
		"Railway": {map[string]string{
			"REDIS_URL": "redis://default:hunter2@redis.railway.internal:6379",
			"REDISHOST": "redis.railway.internal", "REDISPORT": "6379", "REDISUSER": "default",
			"REDISPASSWORD": "hunter2", "REDIS_PASSWORD": "hunter2",
		}, cache.Config{Host: "redis.railway.internal", Port: 6379, Username: "default",
			Password: pw}},
		"other names with a URL": {map[string]string{
			"REDIS_URL": "redis://app:hunter2@h:6379/2", "REDIS_TLS_URL": "rediss://h:6380",
			"REDIS_ADDR": "h:6379", "REDIS_USER": "app", "REDIS_PASS": "hunter2",
			"REDIS_DATABASE": "2", "REDIS_SSL": "false",
		}, cache.Config{Host: "h", Port: 6379, DB: 2, Username: "app", Password: pw}},
		"other names with ours": {map[string]string{
			"REDIS_HOST": "h", "REDIS_DB": "2", "REDIS_USERNAME": "app",
			"REDIS_PASSWORD": "hunter2", "REDIS_TLS": "false", "REDIS_ADDR": "h:6379",
			"REDIS_USER": "app", "REDIS_PASS": "hunter2", "REDIS_DATABASE": "2", "REDIS_SSL": "no",
		}, cache.Config{Host: "h", DB: 2, Username: "app", Password: pw}},
		"URL and variables with equal values": {map[string]string{
			"REDIS_URL": "rediss://app:hunter2@H.example.com:6380/2", "REDIS_HOST": "h.Example.com",
			"REDIS_PORT": "6380", "REDIS_DB": "2", "REDIS_USERNAME": "app",
			"REDIS_PASSWORD": "hunter2\n", "REDIS_TLS": "1",
		}, cache.Config{Host: "h.example.com", Port: 6380, DB: 2, Username: "app", Password: pw,
			TLS: true}},
		"Render": {map[string]string{"REDIS_URL": "redis://red-abc123:6379"},
			cache.Config{Host: "red-abc123", Port: 6379}},
		"Fly, Upstash": {map[string]string{
			"REDIS_URL": "rediss://default:hunter2@fly-x.upstash.io:6379\n"},
			cache.Config{Host: "fly-x.upstash.io", Port: 6379, Username: "default", Password: pw,
				TLS: true}},
		"DigitalOcean": {map[string]string{
			"REDIS_URL": "rediss://default:hunter2@db.ondigitalocean.com:25061"},
			cache.Config{Host: "db.ondigitalocean.com", Port: 25061, Username: "default",
				Password: pw, TLS: true}},
		"Aiven": {map[string]string{
			"REDIS_URL": "valkeys://default:hunter2@v.aivencloud.com:12345"},
			cache.Config{Host: "v.aivencloud.com", Port: 12345, Username: "default", Password: pw,
				TLS: true}},
		"AWS ElastiCache": {map[string]string{
			"REDIS_ADDRS": "clustercfg.c.x.use1.cache.amazonaws.com:6379", "REDIS_TLS": "true"},
			cache.Config{Addrs: []string{"clustercfg.c.x.use1.cache.amazonaws.com:6379"},
				TLS: true}},
		"Azure": {map[string]string{"REDIS_HOST": "x.redis.cache.windows.net",
			"REDIS_PORT": "6380", "REDIS_PASSWORD": "hunter2=", "REDIS_TLS": "true"},
			cache.Config{Host: "x.redis.cache.windows.net", Port: 6380,
				Password: cache.NewSecret("hunter2="), TLS: true}},
		"Azure, URL": {map[string]string{"REDIS_URL": "rediss://:hunter2=@x.windows.net:6380"},
			cache.Config{Host: "x.windows.net", Port: 6380, Password: cache.NewSecret("hunter2="),
				TLS: true}},
		"Google Memorystore": {map[string]string{"REDIS_HOST": "10.0.0.3", "REDIS_PORT": "6379"},
			cache.Config{Host: "10.0.0.3", Port: 6379}},
		"docker compose": {map[string]string{"REDIS_URL": "redis://redis:6379"},
			cache.Config{Host: "redis", Port: 6379}},
		"Kubernetes": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6379",
			"REDIS_SERVICE_HOST": "10.0.0.11", "REDIS_SERVICE_PORT": "6379",
			"REDIS_PORT_6379_TCP": "tcp://10.0.0.11:6379", "REDIS_PORT_6379_TCP_PORT": "6379"},
			cache.Config{Host: "10.0.0.11", Port: 6379}},
		"Valkey": {map[string]string{"REDIS_URL": "valkey://v"},
			cache.Config{Host: "v", Port: 6379}},
		"upper case": {map[string]string{"REDIS_URL": "REDISS://V"},
			cache.Config{Host: "v", Port: 6379, TLS: true}},
		"IPv6": {map[string]string{"REDIS_URL": "redis://[::1]"},
			cache.Config{Host: "::1", Port: 6379}},
		"special characters": {map[string]string{"REDIS_URL": "redis://:h%23%2F%3F%40%3A%25@h"},
			cache.Config{Host: "h", Port: 6379, Password: cache.NewSecret("h#/?@:%")}},
		"separate password": {map[string]string{"REDIS_URL": "redis://h/1", "REDIS_USERNAME": "app",
			"REDIS_PASSWORD": "hunter2"},
			cache.Config{Host: "h", Port: 6379, DB: 1, Username: "app", Password: pw}},
		"separate database": {map[string]string{"REDIS_URL": "redis://h", "REDIS_DB": "4"},
			cache.Config{Host: "h", Port: 6379, DB: 4}},
		"socket": {map[string]string{"REDIS_URL": "unix://app:hunter2@/run/redis.sock?db=2"},
			cache.Config{Host: "/run/redis.sock", DB: 2, Username: "app", Password: pw}},
		"cluster": {map[string]string{"REDIS_URL": "rediss://app:hunter2@a:1, B,[::1]:3,/0"},
			cache.Config{Addrs: []string{"a:1", "b:6379", "[::1]:3"}, Username: "app",
				Password: pw, TLS: true}},
		"cluster of go-redis": {map[string]string{
			"REDIS_URL": "redis://a?addr=b:2&addr=c:3&read_only=true"},
			cache.Config{Addrs: []string{"a:6379", "b:2", "c:3"}, ReadFrom: cache.ReadReplica}},
		"Sentinels": {map[string]string{
			"REDIS_URL": "redis://watcher:hunter3@a:26379,b:26379/2?master_name=m&username=app" +
				"&password=hunter2&route_by_latency=true"},
			cache.Config{Addrs: []string{"a:26379", "b:26379"}, MasterName: "m", DB: 2,
				SentinelUsername: "watcher", SentinelPassword: cache.NewSecret("hunter3"),
				Username: "app", Password: pw, ReadFrom: cache.ReadNearest}},
		"cluster at random": {map[string]string{"REDIS_URL": "redis://a,b?route_randomly=true"},
			cache.Config{Addrs: []string{"a:6379", "b:6379"}, ReadFrom: cache.ReadReplica}},
		"Sentinels at random": {map[string]string{
			"REDIS_URL": "redis://a?master_name=m&route_randomly=true"},
			cache.Config{Addrs: []string{"a:6379"}, MasterName: "m",
				ReadFrom: cache.ReadReplica}},
		"parameters": {map[string]string{"REDIS_URL": "redis://h?client_name=web&pool_size=7&" +
			"dial_timeout=2&read_timeout=3s&db=1"},
			cache.Config{Host: "h", Port: 6379, ClientName: "web", PoolSize: 7, DB: 1,
				DialTimeout: 2 * time.Second, ReadTimeout: 3 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, tt.vars)
			got, err := cache.FromEnv()
			must(t, err)
			sameConfig(t, got, tt.want)
			if _, err := offline(t, got); err != nil {
				t.Errorf("no cache can be made of it: %v", err)
			}
		})
	}
}

// URL parameters that Config has no field for reach the client.
func TestURLParameters(t *testing.T) {
	environment(t, map[string]string{"REDIS_URL": "rediss://h?max_retries=5&write_timeout=4s&" +
		"protocol=2&pool_timeout=6s&min_idle_conns=3&pipeline_pool_size=8&skip_verify=true"})
	cfg, err := cache.FromEnv()
	must(t, err)
	o := cfg.UniversalOptions()
	got := []any{o.MaxRetries, o.WriteTimeout, o.Protocol, o.PoolTimeout, o.MinIdleConns,
		o.PipelinePoolSize, o.TLSConfig.InsecureSkipVerify, o.TLSConfig.ServerName}
	want := []any{5, 4 * time.Second, 2, 6 * time.Second, 3, 8, true, ""}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got, want)
			break
		}
	}
	environment(t, map[string]string{"REDIS_URL": "rediss://h?skip_verify=false"})
	cfg, err = cache.FromEnv()
	must(t, err)
	if cfg.UniversalOptions().TLSConfig.InsecureSkipVerify {
		t.Error("skip_verify=false turns verification off")
	}
}

// Only ReadFrom holds a URL's parameters about replicas, so that a program can change them.
func TestURLReadFrom(t *testing.T) {
	for _, url := range []string{
		"redis://a,b?read_only=true", "redis://a,b?route_by_latency=true",
		"redis://a,b?route_randomly=true", "redis://a?master_name=m&replica_only=true",
		"redis://a?master_name=m&route_by_latency=true",
		"redis://a?master_name=m&route_randomly=true",
	} {
		environment(t, map[string]string{"REDIS_URL": url})
		cfg, err := cache.FromEnv()
		must(t, err)
		if cfg.ReadFrom == "" {
			t.Errorf("%s: ReadFrom is not set", url)
		}
		cfg.ReadFrom = ""
		o := cfg.UniversalOptions()
		if o.ReadOnly || o.RouteByLatency || o.RouteRandomly ||
			o.IsClusterMode != (cfg.MasterName == "") {
			t.Errorf("%s: the client still reads from replicas: %+v", url, o)
		}
	}
}

// The caller owns the returned options: changing them changes no other options.
func TestUniversalOptionsAreFresh(t *testing.T) {
	environment(t, map[string]string{"REDIS_URL": "rediss://a,b?max_redirects=7"})
	cfg, err := cache.FromEnv()
	must(t, err)
	o := cfg.UniversalOptions()
	o.Addrs[0], o.MaxRedirects, o.TLSConfig.ServerName = "x:1", 0, "x"
	again := cfg.UniversalOptions()
	if again.Addrs[0] != "a:6379" || again.MaxRedirects != 7 || again.TLSConfig.ServerName != "" {
		t.Errorf("the options are %v, %d, %q", again.Addrs, again.MaxRedirects,
			again.TLSConfig.ServerName)
	}
	if _, ok := redis.NewUniversalClient(again).(*redis.ClusterClient); !ok {
		t.Error("they make no client of a cluster")
	}
}
