package cache_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/sweep"
)

// FuzzFromEnv sets variables to any values, one per line. Either a cache can be made of the Config
// that FromEnv returns, or FromEnv returns an error that shows no value. The password contains the
// secret.
func FuzzFromEnv(f *testing.F) {
	f.Add("REDIS_HOST=localhost\nREDIS_PORT=6379\nREDIS_DB=0\nREDIS_DEFAULT_TTL=3600", "")
	f.Add("REDIS_HOST=::1\nREDIS_PORT=65536\nREDIS_ADDRS=a:1, [::1]:2\nREDIS_MASTER_NAME=m", "x")
	f.Add("REDIS_HOST=redis://u:hunter2@h\nREDIS_PORT=hunter2\nREDIS_ADDRS=hunter2:1", "")
	f.Add("REDIS_PORT=tcp://10.0.0.1:6379\nREDIS_ADDRS=a:1,\nREDIS_DB=-1", "\n")
	f.Add("REDIS_URL=rediss://h:1/2?pool_size=3&skip_verify=true\nREDIS_CLIENT_NAME=web", "#")
	f.Add("REDIS_URL=redis://a,b?addr=c:3&read_only=true\nREDIS_NEAR_BYTES=1MiB", "%")
	f.Add("REDIS_URL=redis://hunter2:hunter2@a,b/1?master_name=m&password=hunter2", "/")
	f.Add("REDIS_URL=unix:///s?db=1\nREDIS_READ_TIMEOUT=1ms\nREDIS_POOL_SIZE=100000", "")
	f.Add("REDIS_ACTIVE_TTL=no\nREDIS_JITTER=10%\nREDIS_REFRESH=1m\nREDIS_TOLERANCE=1", "")
	f.Add("REDIS_SWEEP_INTERVAL=1ms\nREDIS_SWEEP_IDLE=59m30s\nREDIS_NEAR_STALENESS=1", "")
	f.Add("REDIS_PASSWORD_FILE=/dev/null\nREDIS_TLS_CA_FILE=/hunter2\nREDIS_NAMESPACE=a/", "")
	f.Fuzz(func(t *testing.T, lines, password string) {
		vars := map[string]string{"REDIS_PASSWORD": secret + password}
		for line := range strings.Lines(lines) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			if strings.HasPrefix(name, "REDIS_") && name != "REDIS_PASSWORD" {
				vars[name] = value
			}
		}
		for name, value := range vars {
			if strings.ContainsRune(name+value, 0) || strings.HasSuffix(name, "_FILE") &&
				!strings.Contains(value, secret) {
				t.Skip("an environment holds no NUL, and the machine's files are not opened")
			}
		}
		environment(t, vars)
		cfg, err := cache.FromEnv()
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%v shows a value", err)
			}
			return
		}
		delete(vars, "REDIS_PASSWORD")
		shown := fmt.Sprint(vars) // public values, such as a host, may show
		if want := strings.TrimRight(secret+password, "\r\n"); cfg.Password.Reveal() != want {
			t.Errorf("the password is %q, want %q", cfg.Password.Reveal(), want)
		}
		if !strings.Contains(shown, secret) {
			showsNoPassword(t, cfg, secret)
		}
		usable(t, cfg)
	})
}

// FuzzURL gives REDIS_URL a password, escaped or not, with any text around it.
func FuzzURL(f *testing.F) {
	f.Add("redis://:", "hunter2", "@h:6379/0")
	f.Add("rediss://u:", "hun#ter2", "@h")
	f.Add("redis://u:", "hun/ter2?x=1", "@h1,h2/0?addr=h3:1")
	f.Add("redis://h1:1,h2?master_name=m&password=", "hunter2", "&username=u")
	f.Add("unix://u:", "hunter2", "@/s?db=2")
	f.Add("redis://h?", "hunter2", "=1")
	f.Add("", "hunter2", "")
	f.Add("redis://", "hunter2", ":6379?min_idle_conns=-9")
	f.Fuzz(func(t *testing.T, before, password, behind string) {
		url := before + password + behind
		if len(password) < 4 || strings.ContainsRune(url, 0) ||
			strings.Contains(takesOfURL(), password) {
			t.Skip("an error may contain this text anyway")
		}
		environment(t, map[string]string{"REDIS_URL": url})
		cfg, err := cache.FromEnv()
		if err != nil {
			if strings.Contains(err.Error(), password) {
				t.Errorf("%v shows a part of %q", err, url)
			}
			return
		}
		if got := cfg.Password.Reveal(); len(got) > 8 &&
			!strings.Contains(fmt.Sprint(cfg.Host, cfg.Addrs, cfg.Username, cfg.MasterName,
				cfg.ClientName, cfg.SentinelUsername), got) {
			showsNoPassword(t, cfg, got)
		}
		usable(t, cfg)
	})
}

// takesOfURL returns all texts that an error about REDIS_URL may contain.
func takesOfURL() string {
	name, before := "REDIS_URL", os.Getenv("REDIS_URL")
	_ = os.Setenv(name, "x")
	defer func() { _ = os.Setenv(name, before) }()
	_, err := cache.FromEnv()
	return fmt.Sprint(err) + " REDIS_URL names a user without a password: it needs " +
		"REDIS_PASSWORD or REDIS_PASSWORD_FILE REDIS_SENTINEL_PASSWORD"
}

// usable checks that a client and a cache can be made, without a panic and without connecting.
func usable(t *testing.T, cfg cache.Config) {
	t.Helper()
	if o := cfg.UniversalOptions(); o.MinIdleConns > 0 || o.PoolSize > 1000 {
		return // the client would connect at once, or take long to create
	}
	if _, err := offline(t, cfg); err != nil {
		t.Fatalf("no cache can be made of %+v: %v", cfg, err)
	}
}

// idler is a Sweeper that New checks but that never sweeps: a sweep would look up hosts of any
// name.
type idler struct{ sweep.Sweeper }

func (idler) Run(context.Context, sweep.Target) {}
