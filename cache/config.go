package cache

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sethvargo/go-envconfig"

	"github.com/activettl/rediscache/internal/reap"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// Config says where Redis is and how long records live. FromEnv reads one from the environment; a
// program may change it before it calls Client and Options. The zero Config is that of an empty
// environment. Printing a Config does not show the password.
type Config struct {
	Host string // REDIS_HOST, default localhost
	Port int    // REDIS_PORT, default 6379

	// Addrs are host:port addresses, in place of Host and Port: of some nodes of
	// a cluster or, with MasterName, of Sentinels. REDIS_ADDRS, separated by
	// commas.
	Addrs      []string
	MasterName string // REDIS_MASTER_NAME, the primary's name among the Sentinels

	DB       int    // REDIS_DB, default 0, the only one that a cluster has
	Username string // REDIS_USERNAME, default none
	Password Secret // REDIS_PASSWORD, default none
	TLS      bool   // REDIS_TLS, default false

	// DefaultTTL is the policy's TTL. REDIS_DEFAULT_TTL in seconds, or as a Go
	// duration such as 90m; default 3600.
	DefaultTTL time.Duration

	// FixedTTL chooses ttl.Fixed over ttl.Active. REDIS_ACTIVE_TTL=false sets it; default false.
	FixedTTL bool

	// SweepInterval and SweepIdle set a sweep.Periodic: how often it makes a pass,
	// and for how long a record must not have been used. REDIS_SWEEP_INTERVAL and
	// REDIS_SWEEP_IDLE, as REDIS_DEFAULT_TTL; default none, no sweeper.
	SweepInterval time.Duration
	SweepIdle     time.Duration
}

// environment is a Config as it stands in the environment.
type environment struct {
	Host       string `env:"REDIS_HOST, default=localhost"`
	Port       string `env:"REDIS_PORT, default=6379"`
	Addrs      string `env:"REDIS_ADDRS"`
	MasterName string `env:"REDIS_MASTER_NAME"`
	DB         string `env:"REDIS_DB, default=0"`
	Username   string `env:"REDIS_USERNAME"`
	Password   string `env:"REDIS_PASSWORD"`
	TLS        string `env:"REDIS_TLS, default=false"`
	DefaultTTL string `env:"REDIS_DEFAULT_TTL, default=3600"`
	ActiveTTL  string `env:"REDIS_ACTIVE_TTL, default=true"`

	SweepInterval string `env:"REDIS_SWEEP_INTERVAL"`
	SweepIdle     string `env:"REDIS_SWEEP_IDLE"`
}

// FromEnv reads a Config from the environment variables that its fields name. An
// empty variable counts as one that is not set. The error names each variable
// with a bad value and what the variable takes, and shows no value.
//
//	cfg, err := cache.FromEnv()
//	…
//	rdb := cfg.Client()
//	defer rdb.Close()
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, cfg.Options())
//
// Two deployments may differ in REDIS_ACTIVE_TTL and REDIS_DEFAULT_TTL: each reads
// what the other wrote, and its own policy applies to a record from the next
// access on.
func FromEnv() (Config, error) { return configFrom(envconfig.OsLookuper()) }

func configFrom(l envconfig.Lookuper) (Config, error) {
	var env environment
	if err := envconfig.ProcessWith(context.Background(), &envconfig.Config{
		Target:   &env,
		Lookuper: nonEmpty{l},
	}); err != nil {
		return Config{}, fmt.Errorf("rediscache: FromEnv: %w", err)
	}
	var errs []error
	bad := func(name, takes string) { errs = append(errs, fmt.Errorf("%s %s", name, takes)) }

	cfg := Config{
		Host:       strings.TrimSpace(env.Host),
		MasterName: env.MasterName,
		Username:   env.Username,
		Password:   NewSecret(env.Password),
	}
	if cfg.Host == "" || strings.ContainsAny(cfg.Host, "/@ ") || strings.Contains(cfg.Host, ":") &&
		net.ParseIP(cfg.Host) == nil {
		bad("REDIS_HOST", "takes a host name or an IP address, without a port")
	}
	var ok bool
	var err error
	if cfg.Port, ok = parsePort(env.Port); !ok {
		bad("REDIS_PORT", "takes a port number from 1 to 65535")
	}
	if cfg.DB, err = strconv.Atoi(env.DB); err != nil || cfg.DB < 0 {
		bad("REDIS_DB", "takes the number of a database, 0 or more")
	}
	if cfg.TLS, err = strconv.ParseBool(env.TLS); err != nil {
		bad("REDIS_TLS", "takes true or false")
	}
	activeTTL, err := strconv.ParseBool(env.ActiveTTL)
	if cfg.FixedTTL = !activeTTL; err != nil {
		bad("REDIS_ACTIVE_TTL", "takes true or false")
	}
	const takesDuration = "takes seconds, such as 3600, or a Go duration, such as 90m, of at " +
		"least 1ms"
	if cfg.DefaultTTL, ok = parseTTL(env.DefaultTTL); !ok {
		bad("REDIS_DEFAULT_TTL", takesDuration)
	}
	switch {
	case env.SweepInterval == "" && env.SweepIdle == "":
	case env.SweepInterval == "":
		bad("REDIS_SWEEP_INTERVAL", "must be set with REDIS_SWEEP_IDLE")
	case env.SweepIdle == "":
		bad("REDIS_SWEEP_IDLE", "must be set with REDIS_SWEEP_INTERVAL")
	default:
		if cfg.SweepInterval, ok = parseTTL(env.SweepInterval); !ok {
			bad("REDIS_SWEEP_INTERVAL", takesDuration)
		}
		if cfg.SweepIdle, ok = parseTTL(env.SweepIdle); !ok {
			bad("REDIS_SWEEP_IDLE", takesDuration)
		} else if cfg.DefaultTTL > 0 && cfg.SweepIdle >= reap.LongestIdle(cfg.policy().Terms()) {
			bad("REDIS_SWEEP_IDLE", "must be less than REDIS_DEFAULT_TTL, "+
				"by a window if that is fixed: no record is seen idle for longer")
		}
	}
	if cfg.Addrs, ok = parseAddrs(env.Addrs); !ok {
		bad("REDIS_ADDRS", "takes host:port addresses, separated by commas")
	}
	if cfg.MasterName != "" && env.Addrs == "" {
		bad("REDIS_MASTER_NAME", "needs REDIS_ADDRS with the addresses of the Sentinels")
	}
	if cfg.cluster() && cfg.DB != 0 {
		bad("REDIS_DB", "must be 0 for a cluster (REDIS_ADDRS without REDIS_MASTER_NAME)")
	}
	if cfg.Username != "" && env.Password == "" {
		bad("REDIS_USERNAME", "needs REDIS_PASSWORD: Redis is not told a user without one")
	}
	if len(errs) > 0 {
		return Config{}, fmt.Errorf("rediscache: FromEnv: %w", errors.Join(errs...))
	}
	return cfg, nil
}

// nonEmpty takes an empty variable for one that is not set.
type nonEmpty struct{ envconfig.Lookuper }

func (l nonEmpty) Lookup(key string) (string, bool) {
	value, _ := l.Lookuper.Lookup(key)
	return value, value != ""
}

// parseTTL reads whole seconds or a Go duration.
func parseTTL(s string) (d time.Duration, ok bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 0 || n > math.MaxInt64/int64(time.Second) {
			return 0, false
		}
		d = time.Duration(n) * time.Second
	} else if d, err = time.ParseDuration(s); err != nil {
		return 0, false
	}
	return d, ttl.Check(d) == nil
}

func parseAddrs(s string) (addrs []string, ok bool) {
	if s == "" {
		return nil, true
	}
	addrs = strings.Split(s, ",")
	for i, addr := range addrs {
		addrs[i] = strings.TrimSpace(addr)
		host, port, err := net.SplitHostPort(addrs[i])
		if err != nil || host == "" || strings.ContainsAny(host, "/@ ") {
			return nil, false
		}
		if _, ok := parsePort(port); !ok {
			return nil, false
		}
	}
	return addrs, true
}

func parsePort(s string) (port int, ok bool) {
	port, err := strconv.Atoi(s)
	return port, err == nil && port >= 1 && port <= 65535
}

func (c Config) cluster() bool { return len(c.Addrs) > 0 && c.MasterName == "" }

// Client returns a client for the server, the Sentinels or the cluster that the
// Config names. It connects when it is first used, obeys the deadline of a
// context, and is the caller's to close.
func (c Config) Client() redis.UniversalClient {
	o := &redis.UniversalOptions{
		Addrs:                 c.Addrs,
		MasterName:            c.MasterName,
		IsClusterMode:         c.cluster(),
		DB:                    c.DB,
		Username:              c.Username,
		Password:              c.Password.Reveal(),
		ContextTimeoutEnabled: true,
	}
	if len(o.Addrs) == 0 {
		o.Addrs = []string{net.JoinHostPort(cmp.Or(c.Host, "localhost"),
			strconv.Itoa(cmp.Or(c.Port, 6379)))}
	}
	if c.TLS {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return redis.NewUniversalClient(o)
}

// Options returns the Options of a cache with the policy and the sweeper that the
// Config names.
func (c Config) Options() *Options {
	o := &Options{TTL: c.policy()}
	if c.SweepInterval != 0 || c.SweepIdle != 0 {
		o.Sweeper = sweep.Periodic{Interval: c.SweepInterval, MaxIdle: c.SweepIdle}
	}
	return o
}

func (c Config) policy() ttl.Policy {
	d := cmp.Or(c.DefaultTTL, DefaultTTL)
	if c.FixedTTL {
		return ttl.Fixed(d)
	}
	return ttl.Active(d)
}
