package main

import (
	"os"
	"strings"

	"github.com/activettl/rediscache/cache"
)

// unused are variables that no command needs. Those of the policy may not fit a -policy-ttl. What
// the tool tells is what the primaries hold, whatever REDIS_READ_FROM says.
var unused = []string{
	"REDIS_READ_FROM", "REDIS_SWEEP_INTERVAL", "REDIS_SWEEP_IDLE", "REDIS_NEAR_BYTES",
	"REDIS_NEAR_STALENESS", "REDIS_REFRESH",
}

// set lets a flag take the place of a variable. Errors name the flag then.
func (s *session) set(variable, flag, value string) {
	if s.flagOf == nil {
		s.flagOf = map[string]string{}
	}
	s.flagOf[variable] = flag
	os.Setenv(variable, value)
}

// environment reads the environment.
func (s *session) environment() (err error) {
	unset(unused)
	if s.url != "" {
		if err := s.useURL(); err != nil {
			return s.bad(err)
		}
	}
	if s.config, err = cache.FromEnv(); err != nil {
		return s.bad(err)
	}
	return nil
}

// useURL lets -url take the place of the variables that say where Redis is. Of the others, those
// stay that say what the URL leaves open.
func (s *session) useURL() error {
	s.set("REDIS_URL", "-url", s.url)
	unset([]string{"REDIS_HOST", "REDIS_PORT", "REDIS_ADDRS", "REDIS_MASTER_NAME", "REDIS_DB",
		"REDIS_TLS"})
	groups := []struct {
		names []string
		open  func(c cache.Config) bool
	}{
		{[]string{"REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE"},
			func(c cache.Config) bool { return c.Username == "" && c.Password.Reveal() == "" }},
		{[]string{"REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD"},
			func(c cache.Config) bool {
				return c.MasterName != "" && c.SentinelUsername == "" &&
					c.SentinelPassword.Reveal() == ""
			}},
		{[]string{"REDIS_TLS_CA_FILE", "REDIS_TLS_CERT_FILE", "REDIS_TLS_KEY_FILE"},
			func(c cache.Config) bool { return c.TLS }},
		{[]string{"REDIS_CLIENT_NAME"},
			func(c cache.Config) bool { return c.ClientName == "" }},
		{[]string{"REDIS_POOL_SIZE"},
			func(c cache.Config) bool { return c.PoolSize == 0 }},
		{[]string{"REDIS_DIAL_TIMEOUT"},
			func(c cache.Config) bool { return c.DialTimeout == 0 }},
		{[]string{"REDIS_READ_TIMEOUT"},
			func(c cache.Config) bool { return c.ReadTimeout == 0 }},
	}
	kept := make([]map[string]string, len(groups))
	for i, group := range groups {
		kept[i] = unset(group.names)
	}
	alone, err := cache.FromEnv()
	if err != nil {
		return err
	}
	for i, group := range groups {
		for name, value := range kept[i] {
			if group.open(alone) {
				os.Setenv(name, value)
			}
		}
	}
	return nil
}

// unset takes variables out of the environment, and returns those that were set.
func unset(names []string) map[string]string {
	values := map[string]string{}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			values[name] = value
			os.Unsetenv(name)
		}
	}
	return values
}

// bad is the error of an environment, in one line.
func (s *session) bad(err error) error {
	text := strings.TrimSpace(strings.TrimPrefix(err.Error(), "rediscache: FromEnv:"))
	for variable, flag := range s.flagOf {
		text = strings.ReplaceAll(text, variable, flag)
	}
	return usage("%s", strings.ReplaceAll(text, "\n", "; "))
}
