package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/load"
)

// KeyErrors are the errors of single keys that a loader of GetOrLoadMany returns. A key with a nil
// error has no error. Empty KeyErrors are no error at all.
type KeyErrors[K comparable] map[K]error

// Error implements error. It shows one of the errors and the number of keys.
func (e KeyErrors[K]) Error() string {
	for _, err := range e {
		if err != nil && len(e) == 1 {
			return err.Error()
		} else if err != nil {
			return fmt.Sprintf("%d keys failed, among them: %v", len(e), err)
		}
	}
	return "no error"
}

// Unwrap returns the errors that are not nil.
func (e KeyErrors[K]) Unwrap() []error {
	all := make([]error, 0, len(e))
	for _, err := range e {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// one turns a loader for one key into a loader for a batch of one key.
func one[K comparable, V any](
	loader func(context.Context, K) (V, error),
) func(context.Context, []K) (map[K]V, error) {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		v, err := loader(ctx, keys[0])
		if err != nil {
			return nil, err
		}
		return map[K]V{keys[0]: v}, nil
	}
}

// oversize is an encoded value that is too large to be stored. Each caller decodes it.
type oversize []byte

// boxed is a value that cannot be encoded, or that the codec cannot decode again.
type boxed[V any] struct{ v V }

// load calls the loader of the caller for keys in Redis.
func (t *through[K, V]) load(ctx context.Context, full []string) []load.Result {
	keys := make([]K, len(full))
	i := 0
	for n, key := range full { // full is a part of t.full, mostly in the same order
		for t.full[i] != key {
			i = (i + 1) % len(t.full)
		}
		keys[n] = t.ks[i]
	}
	values, err := t.loader(ctx, slices.Clone(keys)) // the loader may sort them
	perKey, isPerKey := errors.AsType[KeyErrors[K]](err)
	results := make([]load.Result, len(keys))
	for i, k := range keys {
		v, ok := values[k]
		switch {
		case ok:
			results[i] = t.c.result(full[i], v)
		case isPerKey && perKey[k] != nil:
			results[i].Err = perKey[k]
		case isPerKey || err == nil:
			results[i].Err = ErrNotFound
		default:
			results[i].Err = err
		}
	}
	return results
}

// result returns what to store for a value that was loaded.
func (c *Cache[K, V]) result(key string, v V) load.Result {
	data, err := c.encode(key, v)
	switch {
	case errors.Is(err, ErrNilValue):
		return load.Result{Err: err}
	case errors.Is(err, ErrTooLarge):
		if data, again := codec.EncodeFor(c.codec, key, v); again == nil {
			return load.Result{Value: oversize(data), Why: err}
		}
	case err == nil:
		if _, err = c.decode(key, data); err == nil {
			if data == nil { // the codec encodes an empty value to no bytes
				data = []byte{}
			}
			c.writes(len(data))
			return load.Result{Data: data}
		}
	}
	return load.Result{Value: boxed[V]{v}, Why: err}
}
