// Package env reads environment variables into structs. Each of its types is a go-envconfig Decoder
// for one kind of variable. Blanks around a value do not count, except in a Password. An error says
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

// Takes is the error of a Decoder. It says what the variable takes.
type Takes string

// Error implements error.
func (t Takes) Error() string { return "takes " + string(t) }

// Shared is the prefix of variables for all caches.
const Shared = "REDIS_"

var validCache = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// Prefix returns the prefix of the variables of one cache, such as SESSIONS_ for sessions. ok is
// false if a cache of that name has no variables.
func Prefix(cache string) (prefix string, ok bool) {
	prefix = strings.ReplaceAll(strings.ToUpper(cache), "-", "_") + "_"
	return prefix, validCache.MatchString(cache) && prefix != Shared
}

// Read fills the struct that target points to from the environment. Its fields, and those of
// structs in it, are pointers to Decoders with a tag env. name makes the name of a variable from a
// tag. The field of a variable that is not set or is blank stays nil. The error joins one error for
// each bad variable. Each begins with the name of the variable. After an error the fields are not
// valid.
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
			// Without the text of err, since the error of another Decoder may show the value.
			return fmt.Errorf("%s cannot be read into a %T", l.last, target)
		default:
			errs = append(errs, fmt.Errorf("%s %w", l.last, takes))
			l.bad[l.last] = true
		}
	}
}

// lookuper looks up variables in the environment. envconfig stops at the first error, and the error
// names the field, not the variable. So the lookuper remembers the last variable. Read hides a bad
// variable from the next attempt.
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
