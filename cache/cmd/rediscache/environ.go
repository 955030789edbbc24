package main

import (
	"net/url"
	"os"
	"strings"

	"github.com/activettl/rediscache/cache"
)

// unused are variables that no command needs. Some of them could contradict -policy-ttl. The tool
// always reads from primaries, so REDIS_READ_FROM has no effect.
var unused = []string{
	"REDIS_READ_FROM", "REDIS_SWEEP_INTERVAL", "REDIS_SWEEP_IDLE", "REDIS_NEAR_BYTES",
	"REDIS_NEAR_STALENESS", "REDIS_REFRESH",
}

// set lets a flag replace a variable. Errors then name the flag.
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
		s.useURL()
	}
	if s.config, err = cache.FromEnv(); err != nil {
		return s.bad(err)
	}
	s.config.ReadFrom = "" // a URL may set it too
	return nil
}

// useURL lets -url replace the variables that say where Redis is. Other variables stay if the URL
// does not set the same thing.
func (s *session) useURL() {
	s.set("REDIS_URL", "-url", s.url)
	unset([]string{"REDIS_HOST", "REDIS_PORT", "REDIS_ADDRS", "REDIS_MASTER_NAME", "REDIS_DB",
		"REDIS_TLS"})
	u := read(s.url)
	for _, group := range []struct {
		open  bool
		names []string
	}{
		{u.servers == login{}, []string{"REDIS_USERNAME"}},
		{u.servers.password == "", []string{"REDIS_PASSWORD", "REDIS_PASSWORD_FILE"}},
		{u.watched && u.sentinels == login{}, []string{"REDIS_SENTINEL_USERNAME"}},
		{u.watched && u.sentinels.password == "", []string{"REDIS_SENTINEL_PASSWORD"}},
		{u.tls, []string{"REDIS_TLS_CA_FILE", "REDIS_TLS_CERT_FILE", "REDIS_TLS_KEY_FILE"}},
		{!u.query.Has("client_name"), []string{"REDIS_CLIENT_NAME"}},
		{!u.query.Has("pool_size"), []string{"REDIS_POOL_SIZE"}},
		{!u.query.Has("dial_timeout"), []string{"REDIS_DIAL_TIMEOUT"}},
		{!u.query.Has("read_timeout"), []string{"REDIS_READ_TIMEOUT"}},
	} {
		if !group.open {
			unset(group.names)
		}
	}
}

// login is a user and a password; either may be missing.
type login struct{ name, password string }

// said is what a URL says, without the addresses.
type said struct {
	servers, sentinels login
	watched, tls       bool // by Sentinels; encrypted
	query              url.Values
}

// read reads a URL. The result does not matter if FromEnv refuses the URL.
func read(text string) (u said) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(text), "://")
	u.tls = strings.EqualFold(scheme, "rediss") || strings.EqualFold(scheme, "valkeys")
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	// There may be several hosts, which package url does not accept.
	parsed, err := url.Parse("redis://" + authority[:strings.LastIndex(authority, "@")+1] + "h" +
		tail)
	if err != nil {
		return said{}
	}
	u.query = parsed.Query()
	u.servers.name = parsed.User.Username()
	u.servers.password, _ = parsed.User.Password()
	if u.watched = u.query.Get("master_name") != ""; u.watched {
		u.sentinels = u.servers
		u.servers = login{u.query.Get("username"), u.query.Get("password")}
	}
	return u
}

// unset removes variables from the environment.
func unset(names []string) {
	for _, name := range names {
		os.Unsetenv(name)
	}
}

// bad returns the error of a wrong environment, in one line.
func (s *session) bad(err error) error {
	text := strings.TrimPrefix(err.Error(), "rediscache: FromEnv:")
	text = strings.TrimSpace(strings.TrimPrefix(text, "rediscache: Config.For:"))
	for variable, flag := range s.flagOf {
		text = strings.ReplaceAll(text, variable, flag)
	}
	return usage("%s", strings.ReplaceAll(text, "\n", "; "))
}
