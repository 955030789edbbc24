package cache

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/activettl/rediscache/internal/env"
)

// For returns the Config of one cache: c, with what the variables of that cache say of its policy.
// For("SESSIONS") reads SESSIONS_TTL, SESSIONS_ACTIVE_TTL, SESSIONS_MAX_AGE, SESSIONS_TOLERANCE,
// SESSIONS_JITTER, SESSIONS_REFRESH, SESSIONS_SWEEP_INTERVAL, SESSIONS_SWEEP_IDLE,
// SESSIONS_NEAR_BYTES, SESSIONS_NEAR_STALENESS and SESSIONS_NAMESPACE, which take what those with
// REDIS_ take in [FromEnv]. One client may serve all of them:
//
//	cfg, err := cache.FromEnv()
//	rdb := cfg.Client()
//	own, err := cfg.For("sessions") // reads SESSIONS_TTL
//	sessions, err := cache.New[string](rdb, "sessions", codec.JSON[Session]{}, own.Options())
//
// The name consists of letters, digits, _ and -, and begins with a letter. Lower case counts as
// upper case, and - as _. Where the cache chooses the other policy, settings of c that have no
// meaning under it are left out. Variables of the cache that contradict each other, or c, are an
// error that names them and shows no value.
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

// conflicts returns an error for each setting that New would refuse beside those before it in the
// table, and leaves it out of c. What own sets has a name with the prefix. The rest is inherited:
// with drop, it is left out without an error.
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

// without returns the settings of c that with has too, and without any of which New would take it.
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

// policyUnits are the fields of policyVariables, those that are set together as one unit. The first
// unit has those that the others are checked against, each beside those before it.
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

// needs says what each variable needs of those before it in the table.
var needs = map[string]string{
	"TTL":            "is at least 1ms",
	"MAX_AGE":        "is for an Active policy, at least its TTL",
	"TOLERANCE":      "is for an Active policy, less than its TTL",
	"JITTER":         "is for a Fixed policy, and leaves a TTL of 1ms",
	"SWEEP_INTERVAL": "needs a SWEEP_IDLE",
	"NEAR_BYTES":     "needs a Fixed policy or a TOLERANCE",
	"NEAR_STALENESS": "is from 100ms to a year, and needs a Fixed policy or a TOLERANCE",
	"REFRESH": "is less than the life of a record, and under an Active policy needs a longer " +
		"MAX_AGE",
	"SWEEP_IDLE": "needs a SWEEP_INTERVAL, and is less than the TTL, under a Fixed policy by a " +
		"twentieth or a minute",
}

// explain says that a setting does not go with others, and what it needs.
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
