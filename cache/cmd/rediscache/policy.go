package main

import (
	"flag"
	"os"
	"strings"

	"github.com/activettl/rediscache/internal/env"
)

// policyFlags give the policy of a cache. They replace the environment.
type policyFlags struct {
	ttl   string
	fixed bool
}

func (p *policyFlags) flags(fs *flag.FlagSet) {
	text(fs, &p.ttl, "policy-ttl",
		"the `TTL` of the cache's policy, such as 30m; replaces the environment")
	fs.BoolVar(&p.fixed, "fixed", false,
		"the cache's policy is Fixed, as with REDIS_ACTIVE_TTL=false")
}

// apply must be called before open. It reports whether the TTL of the policy is known. If it is
// not, the policy has the library's default TTL, which may be wrong.
func (p *policyFlags) apply(s *session, name string) (known bool) {
	if p.ttl != "" {
		s.setPolicy(name, "TTL", "-policy-ttl", p.ttl)
	}
	if p.fixed {
		s.setPolicy(name, "ACTIVE_TTL", "-fixed", "false")
		unset([]string{"REDIS_MAX_AGE", "REDIS_TOLERANCE"}) // for an Active policy only
		unsetOwn(name, "MAX_AGE", "TOLERANCE")
	}
	return p.certain(name) || isSet("REDIS_DEFAULT_TTL")
}

// certain reports whether the TTL of this very cache is known. REDIS_DEFAULT_TTL does not count: it
// may be the TTL of other caches.
func (p *policyFlags) certain(name string) bool {
	_, prefix := ownVariables(name)
	return p.ttl != "" || prefix != "" && isSet(prefix+"TTL")
}

// isSet reports whether a variable is set. A variable with nothing but spaces counts as not set.
func isSet(variable string) bool { return strings.TrimSpace(os.Getenv(variable)) != "" }

// ownVariables returns the last part of a cache's name and the prefix of the cache's variables, for
// Config.For. For shop/prod/sessions these are sessions and SESSIONS_. The prefix is empty if
// Config.For does not take the name.
func ownVariables(name string) (last, prefix string) {
	last = name[strings.LastIndexAny(name, "/.")+1:]
	prefix, ok := env.Prefix(last)
	if !ok {
		return "", ""
	}
	return last, prefix
}

// unsetOwn removes a cache's variables from the environment.
func unsetOwn(name string, tags ...string) {
	if _, prefix := ownVariables(name); prefix != "" {
		for _, tag := range tags {
			os.Unsetenv(prefix + tag)
		}
	}
}

// setPolicy lets a flag replace two variables: the one for all caches and that of the cache.
func (s *session) setPolicy(name, tag, flag, value string) {
	unsetOwn(name, tag)
	variable := "REDIS_" + tag
	if tag == "TTL" {
		variable = "REDIS_DEFAULT_TTL"
	}
	s.set(variable, flag, value)
}

// own applies the variables of a cache: its policy and its namespace. A program does so with
// Config.For.
func (s *session) own(name string) (err error) {
	last, prefix := ownVariables(name)
	if prefix == "" {
		return nil
	}
	for _, variable := range unused {
		unsetOwn(name, strings.TrimPrefix(variable, "REDIS_"))
	}
	if s.flagOf["REDIS_NAMESPACE"] != "" {
		unsetOwn(name, "NAMESPACE")
	}
	own, err := s.config.For(last)
	if err != nil {
		return s.bad(err)
	}
	s.config = own
	return nil
}
