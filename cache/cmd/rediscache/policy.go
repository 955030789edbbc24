package main

import (
	"flag"
	"os"
	"strings"

	"github.com/activettl/rediscache/internal/env"
)

// policyFlags say which policy a cache has, in place of the environment.
type policyFlags struct {
	ttl   string
	fixed bool
}

func (p *policyFlags) flags(fs *flag.FlagSet) {
	text(fs, &p.ttl, "policy-ttl", "the `TTL` of the cache's policy, such as 30m, "+
		"in place of the environment's")
	fs.BoolVar(&p.fixed, "fixed", false, "the cache's policy is Fixed, as by "+
		"REDIS_ACTIVE_TTL=false")
}

// apply comes before open. It reports whether the TTL of the policy is known: the default of the
// environment may be that of no cache.
func (p *policyFlags) apply(s *session, name string) (known bool) {
	if p.ttl != "" {
		s.setPolicy(name, "TTL", "-policy-ttl", p.ttl)
	}
	if p.fixed {
		s.setPolicy(name, "ACTIVE_TTL", "-fixed", "false")
		unset([]string{"REDIS_MAX_AGE", "REDIS_TOLERANCE"}) // of an Active policy
		unsetOwn(name, "MAX_AGE", "TOLERANCE")
	}
	return p.certain(name) || isSet("REDIS_DEFAULT_TTL")
}

// certain reports whether it is the TTL of this cache that is known. REDIS_DEFAULT_TTL may be that
// of others.
func (p *policyFlags) certain(name string) bool {
	_, prefix := ownVariables(name)
	return p.ttl != "" || prefix != "" && isSet(prefix+"TTL")
}

// isSet reports whether a variable is set. One of blanks counts as not set.
func isSet(variable string) bool { return strings.TrimSpace(os.Getenv(variable)) != "" }

// ownVariables returns the last part of the name of a cache, for Config.For, and what the names of
// the variables begin with that it reads: sessions and SESSIONS_ for shop/prod/sessions. prefix is
// empty if Config.For does not take the name.
func ownVariables(name string) (last, prefix string) {
	last = name[strings.LastIndexAny(name, "/.")+1:]
	prefix, ok := env.Prefix(last)
	if !ok {
		return "", ""
	}
	return last, prefix
}

// unsetOwn takes variables that a cache has of its own out of the environment.
func unsetOwn(name string, tags ...string) {
	if _, prefix := ownVariables(name); prefix != "" {
		for _, tag := range tags {
			os.Unsetenv(prefix + tag)
		}
	}
}

// setPolicy lets a flag take the place of a variable for all caches and of the cache's own one.
func (s *session) setPolicy(name, tag, flag, value string) {
	unsetOwn(name, tag)
	variable := "REDIS_" + tag
	if tag == "TTL" {
		variable = "REDIS_DEFAULT_TTL"
	}
	s.set(variable, flag, value)
}

// own lets the variables of a cache say its policy and its namespace, as in a program that calls
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
