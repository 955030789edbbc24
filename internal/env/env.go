// Package env reads environment variables into structs. Each of its types says how one kind of
// variable is spoken, as a go-envconfig Decoder. Blanks around a value do not count. An error says
// what a variable takes, and never shows a value.
package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/sethvargo/go-envconfig"
)

// Takes is the error of a Decoder: what the variable takes.
type Takes string

// Error implements error.
func (t Takes) Error() string { return "takes " + string(t) }

// Shared is what the names of variables for all caches begin with.
const Shared = "REDIS_"

var validCache = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// Prefix returns what the names of the variables of one cache begin with: SESSIONS_ for sessions.
// ok is false if a cache of that name has none.
func Prefix(cache string) (prefix string, ok bool) {
	prefix = strings.ReplaceAll(strings.ToUpper(cache), "-", "_") + "_"
	return prefix, validCache.MatchString(cache) && prefix != Shared
}

// Read fills the struct that target points to from the environment. Its fields, and those of
// structs in it, are pointers to Decoders with a tag env. name makes the name of a variable from a
// tag. The field of a variable that is not set, or blank, stays nil. The error joins one error for
// each bad variable, which begins with its name. After an error the fields mean nothing.
func Read(target any, name func(tag string) string) error {
	l := &lookuper{name: name, bad: map[string]bool{}}
	var errs []error
	for {
		err := envconfig.ProcessWith(context.Background(), &envconfig.Config{
			Target: target, Lookuper: l, DefaultNoInit: true,
		})
		switch takes, ok := errors.AsType[Takes](err); {
		case err == nil:
			return errors.Join(errs...)
		case !ok || l.bad[l.last]:
			// Not the text of err: what another Decoder says may show the value.
			return fmt.Errorf("%s cannot be read into a %T", l.last, target)
		default:
			errs = append(errs, fmt.Errorf("%s %w", l.last, takes))
			l.bad[l.last] = true
		}
	}
}

// lookuper looks into the environment. envconfig stops at the first error, and names the field in
// it: so the lookuper remembers which variable that was, and hides it from the next attempt.
type lookuper struct {
	name func(tag string) string
	last string
	bad  map[string]bool
}

// Lookup implements envconfig.Lookuper.
func (l *lookuper) Lookup(tag string) (string, bool) {
	l.last = l.name(tag)
	value := os.Getenv(l.last)
	if strings.TrimSpace(value) == "" || l.bad[l.last] {
		return "", false
	}
	return value, true
}
