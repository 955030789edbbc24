package cache

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/activettl/rediscache/internal/env"
)

// variables are the variables of FromEnv. The tag is the name after REDIS_. Each one sets the field
// of Config that has the same name.
type variables struct {
	URL              *redisURL       `env:"URL"`
	Host             *env.Host       `env:"HOST"`
	Port             *env.Port       `env:"PORT"`
	Addrs            *env.Addrs      `env:"ADDRS"`
	MasterName       *env.Text       `env:"MASTER_NAME"`
	DB               *env.Database   `env:"DB"`
	Username         *env.Text       `env:"USERNAME"`
	Password         *env.Password   `env:"PASSWORD"`
	PasswordFile     *env.Text       `env:"PASSWORD_FILE"`
	SentinelUsername *env.Text       `env:"SENTINEL_USERNAME"`
	SentinelPassword *env.Password   `env:"SENTINEL_PASSWORD"`
	TLS              *env.Bool       `env:"TLS"`
	TLSCAFile        *env.Text       `env:"TLS_CA_FILE"`
	TLSCertFile      *env.Text       `env:"TLS_CERT_FILE"`
	TLSKeyFile       *env.Text       `env:"TLS_KEY_FILE"`
	ClientName       *env.ClientName `env:"CLIENT_NAME"`
	PoolSize         *env.PoolSize   `env:"POOL_SIZE"`
	DialTimeout      *env.Timeout    `env:"DIAL_TIMEOUT"`
	ReadTimeout      *env.Timeout    `env:"READ_TIMEOUT"`
	ReadFrom         *env.ReadFrom   `env:"READ_FROM"`

	Policy policyVariables
}

// policyVariables are the variables that also exist for a single cache, see Config.For.
type policyVariables struct {
	DefaultTTL    *env.Duration  `env:"TTL"`
	FixedTTL      *env.Not       `env:"ACTIVE_TTL"`
	MaxAge        *env.Duration  `env:"MAX_AGE"`
	Tolerance     *env.Duration  `env:"TOLERANCE"`
	Jitter        *env.Fraction  `env:"JITTER"`
	Refresh       *env.Duration  `env:"REFRESH"`
	SweepInterval *env.Duration  `env:"SWEEP_INTERVAL"`
	SweepIdle     *env.Duration  `env:"SWEEP_IDLE"`
	NearBytes     *env.Size      `env:"NEAR_BYTES"`
	NearStaleness *env.Duration  `env:"NEAR_STALENESS"`
	Namespace     *env.Namespace `env:"NAMESPACE"`
}

// variable returns the full name of the variable with this prefix and tag.
func variable(prefix, tag string) string {
	if prefix == env.Shared && tag == "TTL" {
		tag = "DEFAULT_TTL"
	}
	return prefix + tag
}

// FromEnv reads a Config from the environment. These are the variables:
//
//	variable                 takes                                    default
//	REDIS_URL                redis: rediss: valkey: valkeys: unix:    none
//	REDIS_HOST               name, IP address or path of a socket     localhost
//	REDIS_PORT               port, or Kubernetes' tcp://host:port     6379
//	REDIS_ADDRS              host:port,host:port of a cluster's       none
//	                         nodes or of Sentinels
//	REDIS_MASTER_NAME        primary's name among the Sentinels       none
//	REDIS_DB                 number of the database                   0
//	REDIS_USERNAME           user                                     none
//	REDIS_PASSWORD           password                                 none
//	REDIS_PASSWORD_FILE      file with the password                   none
//	REDIS_SENTINEL_USERNAME  user of the Sentinels                    none
//	REDIS_SENTINEL_PASSWORD  password of the Sentinels                none
//	REDIS_TLS                true, false                              false
//	REDIS_TLS_CA_FILE        PEM file of the authorities to trust     none
//	REDIS_TLS_CERT_FILE      PEM file of the client's certificate     none
//	REDIS_TLS_KEY_FILE       PEM file of its key                      none
//	REDIS_CLIENT_NAME        name for CLIENT LIST                     none
//	REDIS_POOL_SIZE          connections to each server               10 per CPU
//	REDIS_DIAL_TIMEOUT       duration, up to 5m                       900ms
//	REDIS_READ_TIMEOUT       duration, up to 5m; for writes too       900ms
//	REDIS_READ_FROM          primary, replica, nearest                primary
//
//	REDIS_DEFAULT_TTL        duration                                 3600
//	REDIS_ACTIVE_TTL         true: ttl.Active, false: ttl.Fixed       true
//	REDIS_MAX_AGE            duration, with Active                    none
//	REDIS_TOLERANCE          duration, with Active                    none
//	REDIS_JITTER             0.1 or 10%, with Fixed                   none
//	REDIS_REFRESH            duration, with Fixed or a MAX_AGE        none
//	REDIS_SWEEP_INTERVAL     duration, with REDIS_SWEEP_IDLE          none
//	REDIS_SWEEP_IDLE         duration, with REDIS_SWEEP_INTERVAL      none
//	REDIS_NEAR_BYTES         bytes, such as 64MiB; turns Near on      none
//	REDIS_NEAR_STALENESS     duration; turns Near on                  none
//	REDIS_NAMESPACE          such as shop/prod/                       none
//
// How to write values:
//
//   - A duration is a number of seconds, or a Go duration such as 90m.
//   - For true and false, also write 1 and 0, yes and no, or on and off.
//   - Blanks around a value and line ends after a password are ignored.
//   - An empty variable, or one of blanks only, counts as not set.
//
// REDIS_URL has the form and the parameters of go-redis, such as
// rediss://user:password@host:6379/0?pool_size=20. The default port is 6379. Several hosts are the
// nodes of a cluster. With ?master_name= they are Sentinels: then the URL has the user and password
// of the Sentinels, and ?username= and ?password= are those of the servers.
//
// Some platforms, such as Heroku, have certificates that no authority has signed. For these, add
// ?skip_verify=true to rediss://, or set TLSConfig.InsecureSkipVerify of [Config.UniversalOptions].
// The connection is then encrypted, but nothing proves which server it is.
//
// Two variables that contradict each other are an error, such as REDIS_URL and a different
// REDIS_PASSWORD. Equal values are allowed, since some platforms set both.
//
// Kubernetes sets REDIS_PORT=tcp://host:port for a service named redis. FromEnv reads such a value
// in two cases: no other variable names a server, or REDIS_HOST is that service. In the second case
// it takes the port only. REDIS_HOST is that service if it is its IP address, redis,
// redis.namespace, redis.namespace.svc or such a name with a domain, such as
// redis.namespace.svc.cluster.local.
//
// The error of FromEnv has a line for each bad variable. The line begins with the name of the
// variable and says which values are valid. It never shows a value. If all values are valid,
// FromEnv looks for contradictions between variables. It also reads the files once, to find errors
// early.
//
// FromEnv does not read some names that others use, such as REDIS_ADDR, REDIS_USER and REDIS_TTL.
// Such a name is an error if the variable that FromEnv reads in its place is not set.
//
// Two deployments may have different policies: each one reads what the other one wrote. From its
// next access on, a record follows the policy of the deployment that makes the access. For caches
// with different policies in one program, see [Config.For].
func FromEnv() (Config, error) {
	var v variables
	name := func(tag string) string { return variable(env.Shared, tag) }
	if err := env.Read(&v, name); err != nil {
		return Config{}, refused("FromEnv", err)
	}
	errs := v.misnamed()
	c, bad := v.connection()
	errs = append(errs, bad...)
	fill(&c, v.Policy)
	errs = append(errs, c.conflicts(policyVariables{}, env.Shared, false)...)
	if len(errs) > 0 {
		return Config{}, refused("FromEnv", errors.Join(errs...))
	}
	return c, nil
}

// refused makes one error of several, each on its own line.
func refused(function string, err error) error {
	between := " "
	if strings.Contains(err.Error(), "\n") {
		between = "\n"
	}
	return fmt.Errorf("rediscache: %s:%s%w", function, between, err)
}

// fill sets the fields of c from the variables that are set and have the same names.
func fill(c *Config, vars any) {
	to := reflect.ValueOf(c).Elem()
	for f, v := range reflect.ValueOf(vars).Fields() {
		field := to.FieldByName(f.Name)
		if field.IsValid() && f.Type.Kind() == reflect.Pointer && !v.IsNil() {
			field.Set(plain(v, field.Type()))
		}
	}
}

// plain converts the value of a variable to the type of its field in Config.
func plain(v reflect.Value, to reflect.Type) reflect.Value {
	switch v := v.Interface().(type) {
	case *env.Port:
		return reflect.ValueOf(v.Number)
	case *env.Password:
		return reflect.ValueOf(NewSecret(string(*v)))
	}
	return v.Elem().Convert(to)
}
