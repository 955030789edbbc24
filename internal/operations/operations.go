// Package operations lists the operations of a cache, for tests that check a promise for all of
// them.
package operations

import (
	"context"
	"iter"

	"github.com/activettl/rediscache/cache"
)

// OnOne returns each operation on one key. Writes write v; UpdateField and UpdateFields set field
// to value. Loaders return v. So GetOrLoad and Reload succeed even if Redis does not answer, unless
// LoadConfig.Outage of the cache is FailFast.
func OnOne[V any](
	c *cache.Cache[string, V], v V, field string, value any,
) map[string]func(ctx context.Context, key string) error {
	return map[string]func(ctx context.Context, key string) error{
		"Get": func(ctx context.Context, key string) error {
			_, err := c.Get(ctx, key)
			return err
		},
		"Peek": func(ctx context.Context, key string) error {
			_, err := c.Peek(ctx, key)
			return err
		},
		"Inspect": func(ctx context.Context, key string) error {
			_, err := c.Inspect(ctx, key)
			return err
		},
		"GetOrLoad": func(ctx context.Context, key string) error {
			_, err := c.GetOrLoad(ctx, key, one(v))
			return err
		},
		"Reload": func(ctx context.Context, key string) error {
			_, err := c.Reload(ctx, key, one(v))
			return err
		},
		"Set":    func(ctx context.Context, key string) error { return c.Set(ctx, key, v) },
		"Add":    func(ctx context.Context, key string) error { return c.Add(ctx, key, v) },
		"Update": func(ctx context.Context, key string) error { return c.Update(ctx, key, v) },
		"UpdateField": func(ctx context.Context, key string) error {
			return c.UpdateField(ctx, key, field, value)
		},
		"UpdateFields": func(ctx context.Context, key string) error {
			return c.UpdateFields(ctx, key, map[string]any{field: value})
		},
		"Modify": func(ctx context.Context, key string) error {
			_, err := c.Modify(ctx, key, func(v V) (V, error) { return v, nil })
			return err
		},
		"Upsert": func(ctx context.Context, key string) error {
			_, err := c.Upsert(ctx, key, func(old V, found bool) (V, error) {
				if found {
					return old, nil
				}
				return v, nil
			})
			return err
		},
		"Touch":  func(ctx context.Context, key string) error { return c.Touch(ctx, key) },
		"Delete": func(ctx context.Context, key string) error { return c.Delete(ctx, key) },
	}
}

// OnSeveral returns each operation on these keys or on all keys. SetMany writes v under the first
// key. GetOrLoadMany writes v under all keys without a record; see OnOne.
func OnSeveral[V any](
	c *cache.Cache[string, V], v V, keys ...string,
) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"GetMany": func(ctx context.Context) error {
			_, err := c.GetMany(ctx, keys)
			return err
		},
		"GetOrLoadMany": func(ctx context.Context) error {
			_, err := c.GetOrLoadMany(ctx, keys, many(v))
			return err
		},
		"SetMany": func(ctx context.Context) error {
			return c.SetMany(ctx, map[string]V{keys[0]: v})
		},
		"DeleteMany": func(ctx context.Context) error {
			_, err := c.DeleteMany(ctx, keys)
			return err
		},
		"Len":   func(ctx context.Context) error { _, err := c.Len(ctx); return err },
		"Clear": func(ctx context.Context) error { _, err := c.Clear(ctx); return err },
		"All":   func(ctx context.Context) error { return lastOf(c.All(ctx)) },
		"Keys":  func(ctx context.Context) error { return lastOf(c.Keys(ctx)) },
	}
}

// Loads reports whether an operation calls a loader. Such an operation replaces bytes that cannot
// be decoded, waits for the lease of another load, and succeeds even if Redis refuses a write.
func Loads(op string) bool {
	return op == "GetOrLoad" || op == "GetOrLoadMany" || op == "Reload"
}

// one returns a loader that returns v.
func one[V any](v V) func(context.Context, string) (V, error) {
	return func(context.Context, string) (V, error) { return v, nil }
}

// many returns a loader that returns v for each key.
func many[V any](v V) func(context.Context, []string) (map[string]V, error) {
	return func(_ context.Context, keys []string) (map[string]V, error) {
		all := make(map[string]V, len(keys))
		for _, key := range keys {
			all[key] = v
		}
		return all, nil
	}
}

// lastOf walks to the end and returns the last error.
func lastOf[T any](seq iter.Seq2[T, error]) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}
