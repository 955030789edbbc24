package cache

import (
	"reflect"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/env"
)

// Variables returns the names of all variables that FromEnv reads.
func Variables() (names []string) {
	for _, vars := range []any{variables{}, policyVariables{}} {
		for f := range reflect.TypeOf(vars).Fields() {
			if tag := f.Tag.Get("env"); tag != "" {
				names = append(names, variable(env.Shared, tag))
			}
		}
	}
	return names
}

// Hidden returns the options that a Config keeps from a URL.
func Hidden(c Config) redis.UniversalOptions {
	if c.more == nil {
		return redis.UniversalOptions{}
	}
	return *c.more
}
