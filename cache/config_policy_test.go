package cache_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
)

func TestConfigFor(t *testing.T) {
	base := cache.Config{Host: "h", Password: cache.NewSecret("pw"), DefaultTTL: 2 * hour,
		MaxAge: 24 * hour, Tolerance: time.Minute, Refresh: hour, SweepInterval: time.Minute,
		SweepIdle: time.Hour, NearBytes: 1 << 20, NearStaleness: time.Second, Namespace: "shop/"}
	fixed := cache.Config{FixedTTL: true, Jitter: 0.1, Refresh: time.Minute,
		NearStaleness: time.Second, SweepInterval: time.Second, SweepIdle: time.Minute}
	for name, tt := range map[string]struct {
		of   cache.Config
		name string
		vars map[string]string
		want func(*cache.Config)
	}{
		"nothing": {base, "SESSIONS", nil, func(*cache.Config) {}},
		"all": {base, "SESSIONS", map[string]string{
			"SESSIONS_TTL": "30m", "SESSIONS_ACTIVE_TTL": "true", "SESSIONS_MAX_AGE": "12h",
			"SESSIONS_TOLERANCE": "10", "SESSIONS_REFRESH": "1m", "SESSIONS_SWEEP_INTERVAL": "5",
			"SESSIONS_SWEEP_IDLE": "6", "SESSIONS_NEAR_BYTES": "1kB",
			"SESSIONS_NEAR_STALENESS": "7",
			"SESSIONS_NAMESPACE":      "own/",
		}, func(c *cache.Config) {
			c.DefaultTTL, c.MaxAge, c.Tolerance = 30*time.Minute, 12*hour, 10*time.Second
			c.Refresh, c.SweepInterval, c.SweepIdle = time.Minute, 5*time.Second, 6*time.Second
			c.NearBytes, c.NearStaleness, c.Namespace = 1000, 7*time.Second, "own/"
		}},
		"jitter": {fixed, "a", map[string]string{"A_JITTER": "20%"}, func(c *cache.Config) {
			c.Jitter = 0.2
		}},
		"name": {base, "user-sessions", map[string]string{"USER_SESSIONS_MAX_AGE": "3h"},
			func(c *cache.Config) { c.MaxAge = 3 * hour }},
		"DEFAULT_TTL with REDIS_ only": {base, "a", map[string]string{"A_DEFAULT_TTL": "1"},
			func(*cache.Config) {}},
		"to fixed": {base, "a", map[string]string{"A_ACTIVE_TTL": "false"}, func(c *cache.Config) {
			c.FixedTTL, c.MaxAge, c.Tolerance = true, 0, 0
		}},
		"to fixed, shorter": {base, "a", map[string]string{"A_ACTIVE_TTL": "no", "A_TTL": "10m"},
			func(c *cache.Config) {
				c.FixedTTL, c.MaxAge, c.Tolerance, c.DefaultTTL = true, 0, 0, 10*time.Minute
				c.Refresh, c.SweepInterval, c.SweepIdle = 0, 0, 0
			}},
		"to active": {fixed, "a", map[string]string{"A_ACTIVE_TTL": "true"},
			func(c *cache.Config) {
				c.FixedTTL, c.Jitter, c.Refresh, c.NearStaleness = false, 0, 0, 0
			}},
		"to active with a tolerance": {fixed, "a", map[string]string{"A_ACTIVE_TTL": "true",
			"A_TOLERANCE": "1m", "A_MAX_AGE": "2h"}, func(c *cache.Config) {
			c.FixedTTL, c.Jitter, c.Tolerance, c.MaxAge = false, 0, time.Minute, 2*hour
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range tt.vars {
				t.Setenv(name, value)
			}
			got, err := tt.of.For(tt.name)
			must(t, err)
			want := tt.of
			tt.want(&want)
			sameConfig(t, got, want)
			if _, err := offline(t, got); err != nil {
				t.Errorf("no cache can be made of it: %v", err)
			}
		})
	}
}

func TestConfigForRefuses(t *testing.T) {
	const badName = "the name of a cache"
	for name, tt := range map[string]struct {
		of   cache.Config
		name string
		vars map[string]string
		want string
	}{
		"no name":   {cache.Config{}, "", nil, badName},
		"blank":     {cache.Config{}, "hunter 2", nil, badName},
		"digit":     {cache.Config{}, "2fa", nil, badName},
		"dot":       {cache.Config{}, "a.b", nil, badName},
		"not ASCII": {cache.Config{}, "ſessions", nil, badName},
		"REDIS":     {cache.Config{}, "redis", nil, badName},
		"value":     {cache.Config{}, "a", map[string]string{"A_TTL": "hunter2"}, "A_TTL takes"},
		"own variable, own variable": {cache.Config{}, "a", map[string]string{"A_TOLERANCE": "1m",
			"A_ACTIVE_TTL": "no"}, "A_TOLERANCE contradicts A_ACTIVE_TTL"},
		"own variable, policy": {cache.Config{}, "a", map[string]string{"A_JITTER": "0.1"},
			"A_JITTER is for a Fixed policy"},
		"inherited variable, own TTL": {cache.Config{Tolerance: 10 * time.Minute}, "a",
			map[string]string{"A_TTL": "10m"}, "REDIS_TOLERANCE contradicts A_TTL"},
		"own variable, inherited TTL": {cache.Config{DefaultTTL: time.Minute}, "a",
			map[string]string{"A_TOLERANCE": "10m"}, "A_TOLERANCE contradicts REDIS_DEFAULT_TTL"},
		"own policy, own variable, own TTL": {cache.Config{Tolerance: time.Minute}, "a",
			map[string]string{"A_ACTIVE_TTL": "no", "A_REFRESH": "40m", "A_TTL": "30m"},
			"A_REFRESH contradicts A_TTL"},
		"a bad TTL of the program": {cache.Config{DefaultTTL: -1}, "a", nil,
			"REDIS_DEFAULT_TTL is"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range tt.vars {
				t.Setenv(name, value)
			}
			_, err := tt.of.For(tt.name)
			wantLine(t, err, "Config.For", tt.want)
			if strings.Contains(fmt.Sprint(err), "hunter") {
				t.Errorf("%v shows a value", err)
			}
		})
	}
}
