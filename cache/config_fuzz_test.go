package cache_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/sweep"
)

// FuzzFromEnv gives the variables any values: FromEnv takes them, and a cache can be made of what
// it returns, or it refuses them by an error that shows none.
func FuzzFromEnv(f *testing.F) {
	f.Add("localhost", "6379", "", "", "0", "", "", "3600", "true", "", "")
	f.Add("::1", "65536", "a:1, [::1]:2", "primary", "1", "app", "x", "90m", "0", "60", "1h")
	f.Add("redis://u:hunter2@h", "hunter2", "hunter2:1", "", "hunter2", "", "$HOME", "hunter2",
		"hunter2", "hunter2", "hunter2")
	f.Add("h", "tcp://10.0.0.1:6379", "a:1,", "m", "-1", "", "\n", "9223372037", "T", "1ms",
		"9223372036")
	f.Add("h", "1", "", "", "0", "", "", "3600", "false", "60", "59m30s")
	f.Add("%zone", "1e3", ":1", "", "999999999999999999999", "", " ", "-0s", "tRUE", ".5h", "1ns")
	f.Fuzz(func(
		t *testing.T,
		host, port, addrs, master, db, user, password, defaultTTL, activeTTL, interval, idle string,
	) {
		vars := map[string]string{
			"REDIS_HOST": host, "REDIS_PORT": port, "REDIS_ADDRS": addrs,
			"REDIS_MASTER_NAME": master, "REDIS_DB": db,
			"REDIS_USERNAME": user, "REDIS_PASSWORD": secret + password,
			"REDIS_DEFAULT_TTL": defaultTTL, "REDIS_ACTIVE_TTL": activeTTL,
			"REDIS_SWEEP_INTERVAL": interval, "REDIS_SWEEP_IDLE": idle,
		}
		for name, value := range vars {
			if strings.ContainsRune(value, 0) {
				t.Skip("an environment holds no NUL")
			}
			t.Setenv(name, value)
		}
		cfg, err := cache.FromEnv()
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%v shows a value", err)
			}
			return
		}
		if cfg.Password.Reveal() != secret+password {
			t.Errorf("the password is %q, want %q", cfg.Password.Reveal(), secret+password)
		}
		if cfg.Port < 1 || cfg.Port > 65535 || cfg.DB < 0 || cfg.DefaultTTL < time.Millisecond {
			t.Errorf("it takes %+v", cfg)
		}
		public := strings.Contains(host+addrs+master+user, secret)
		if s := fmt.Sprintf("%+v", cfg); strings.Contains(s, secret) && !public {
			t.Errorf("%s shows the password", s)
		}
		rdb := cfg.Client()
		defer rdb.Close()
		o := cfg.Options()
		if o.Sweeper != nil {
			o.Sweeper = idler{o.Sweeper}
		}
		made, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, o)
		if err != nil {
			t.Fatalf("no cache can be made of %+v: %v", cfg, err)
		}
		_ = made.Close()
	})
}

// idler is a Sweeper that is checked and never sweeps: it would look for hosts of any name.
type idler struct{ sweep.Sweeper }

func (idler) Run(context.Context, sweep.Target) {}
