package cache

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/activettl/rediscache/internal/env"
)

// For returns the Config of one cache: c, changed by the variables of that cache. The variables
// have the name of the cache in place of REDIS, and REDIS_DEFAULT_TTL becomes NAME_TTL.
// For("SESSIONS") reads SESSIONS_TTL, SESSIONS_ACTIVE_TTL, SESSIONS_MAX_AGE, SESSIONS_TOLERANCE,
// SESSIONS_JITTER, SESSIONS_REFRESH, SESSIONS_SWEEP_INTERVAL, SESSIONS_SWEEP_IDLE,
// SESSIONS_NEAR_BYTES, SESSIONS_NEAR_STALENESS and SESSIONS_NAMESPACE. Their values are as in
// [FromEnv]. One client may serve all caches:
//
//	cfg, err := cache.FromEnv()
//	rdb := cfg.Client()
//	own, err := cfg.For("sessions") // reads SESSIONS_TTL
//	sessions, err := cache.New[string](rdb, "sessions", codec.JSON[Session]{}, own.Options())
//
// The name consists of letters, digits, _ and -, and begins with a letter. For reads it in upper
// case, with _ in place of -. If the cache chooses the other policy, For drops the settings of c
// that have no meaning under that policy. Variables of the cache that contradict each other, or c,
// are an error. The error names them and shows no value.
func (c Config) For(cache string) (Config, error) {
	prefix, ok := env.Prefix(cache)
	if !ok {
		return Config{}, errors.New("rediscache: Config.For: the name of a cache consists of " +
			"letters, digits, _ and -, begins with a letter, and is not REDIS")
	}
	var own policyVariables
	err := env.Read(&own, func(tag string) string { return variable(prefix, tag) })
	if err != nil {
		return Config{}, refused("Config.For", err)
	}
	switches := own.FixedTTL != nil && bool(*own.FixedTTL) != c.FixedTTL
	fill(&c, own)
	if errs := c.conflicts(own, prefix, switches); len(errs) > 0 {
		return Config{}, refused("Config.For", errors.Join(errs...))
	}
	return c, nil
}

// conflicts returns an error for each setting that New would refuse, and removes the setting from
// c. It judges each setting together with those before it in the table policyUnits. A setting in
// own has a name with the prefix; c inherits the others. With drop, conflicts removes inherited
// settings without an error.
func (c *Config) conflicts(own policyVariables, prefix string, drop bool) (errs []error) {
	owns := func(f reflect.StructField) bool {
		return !reflect.ValueOf(own).FieldByIndex(f.Index).IsNil()
	}
	name := func(f reflect.StructField) string {
		if owns(f) {
			return variable(prefix, f.Tag.Get("env"))
		}
		return variable(env.Shared, f.Tag.Get("env"))
	}
	all := *c
	for _, unit := range policyUnits[1:] {
		c.take(Config{}, unit)
	}
	if c.refused() { // a program has set the TTL
		return []error{explain(policyUnits[0][0], nil, name)}
	}
	for _, unit := range policyUnits[1:] {
		with := *c
		with.take(all, unit)
		switch {
		case !with.refused():
			*c = with
		case !drop || slices.ContainsFunc(unit, owns):
			last := unit[0]
			for _, f := range unit {
				if !with.field(f).IsZero() {
					last = f
				}
			}
			errs = append(errs, explain(last, c.without(with), name))
		}
	}
	return errs
}

// without returns the settings that contradict with: they are in c and in with, and New would take
// with without any one of them.
func (c Config) without(with Config) (culprits []reflect.StructField) {
	for _, unit := range policyUnits {
		for _, f := range unit {
			less := with
			less.take(Config{}, []reflect.StructField{f})
			if !c.field(f).IsZero() && !less.refused() {
				culprits = append(culprits, f)
			}
		}
	}
	return culprits
}

// refused reports whether New would refuse the policy.
func (c Config) refused() bool {
	_, err := c.Options().settings()
	return err != nil
}

func (c Config) field(f reflect.StructField) reflect.Value {
	return reflect.ValueOf(c).FieldByName(f.Name)
}

// take sets the fields of c to those of another Config.
func (c *Config) take(other Config, fields []reflect.StructField) {
	for _, f := range fields {
		reflect.ValueOf(c).Elem().FieldByName(f.Name).Set(other.field(f))
	}
}

// policyUnits are the fields of policyVariables. Fields that belong together are one unit. The
// first unit comes first in every check; each other unit is checked together with those before it.
var policyUnits = unitsOf([][]string{
	{"DefaultTTL", "FixedTTL"},
	{"MaxAge"},
	{"Tolerance"},
	{"Jitter"},
	{"Refresh"},
	{"SweepInterval", "SweepIdle"},
	{"NearBytes", "NearStaleness"},
	{"Namespace"},
})

func unitsOf(names [][]string) [][]reflect.StructField {
	units := make([][]reflect.StructField, len(names))
	for i, unit := range names {
		for _, name := range unit {
			f, _ := reflect.TypeFor[policyVariables]().FieldByName(name)
			units[i] = append(units[i], f)
		}
	}
	return units
}

// needs says what each variable needs, also of those before it in the table.
var needs = map[string]string{
	"TTL":            "is at least 1ms",
	"MAX_AGE":        "is for an Active policy, and is at least the TTL",
	"TOLERANCE":      "is for an Active policy, and is less than the TTL",
	"JITTER":         "is for a Fixed policy, and leaves a TTL of at least 1ms",
	"SWEEP_INTERVAL": "needs a SWEEP_IDLE",
	"NEAR_BYTES":     "needs a Fixed policy or a TOLERANCE",
	"NEAR_STALENESS": "is from 100ms to a year, and needs a Fixed policy or a TOLERANCE",
	"REFRESH": "is less than the life of a record, and under an Active policy needs a longer " +
		"MAX_AGE",
	"SWEEP_IDLE": "needs a SWEEP_INTERVAL, and is less than the TTL: under a Fixed policy, less " +
		"than the TTL minus a twentieth of it (at most a minute)",
}

// explain says that a setting contradicts others, and what the setting needs.
func explain(
	f reflect.StructField, others []reflect.StructField, name func(reflect.StructField) string,
) error {
	need := needs[f.Tag.Get("env")]
	if len(others) == 0 {
		return fmt.Errorf("%s %s", name(f), need)
	}
	var names []string
	for _, other := range others {
		names = append(names, name(other))
	}
	return fmt.Errorf("%s contradicts %s: it %s", name(f), strings.Join(names, " and "), need)
}
