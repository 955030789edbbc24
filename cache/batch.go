package cache

import (
	"context"
	"errors"

	"github.com/activettl/rediscache/internal/store"
)

// GetMany returns the records of keys, each as Get does; a key without a record
// is absent from the map, which is never nil. It returns what it could read, and
// one joined error with an [*Error] for each key that it could not.
//
// It costs one command per key, in one round trip per 1000 keys (to each node,
// in a cluster); a second one where the cache meets its first record with terms
// of its own.
func (c *Cache[K, V]) GetMany(ctx context.Context, keys []K) (map[K]V, error) {
	const op = "GetMany"
	ctx, run := c.begin(ctx, op, len(keys))
	defer run.ensureEnd(ctx)
	values := make(map[K]V, len(keys))
	if err := c.ready(ctx); err != nil {
		return values, run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	good, full, errs := c.redisKeys(op, keys)
	misses := 0
	for i, reply := range c.store.GetMany(ctx, full) {
		v, err := c.value(reply)
		switch {
		case errors.Is(err, ErrNotFound):
			misses++
		case err != nil:
			errs = append(errs, c.fail(op, c.text(full[i]), err))
		default:
			values[good[i]] = v
		}
	}
	return values, run.endMany(ctx, len(values), misses, errors.Join(errs...))
}

// value decodes the value of a reply.
func (c *Cache[K, V]) value(reply store.Reply) (v V, err error) {
	if reply.Err != nil {
		return v, reply.Err
	}
	return c.decode(reply.Value)
}

// redisKeys returns those of ks that are good keys, their keys in Redis, and the
// errors of the others.
func (c *Cache[K, V]) redisKeys(op string, ks []K) (good []K, full []string, errs []error) {
	good, full = make([]K, 0, len(ks)), make([]string, 0, len(ks))
	for _, k := range ks {
		key, err := c.redisKey(k)
		if err != nil {
			errs = append(errs, c.fail(op, c.text(key), err))
			continue
		}
		good, full = append(good, k), append(full, key)
	}
	return good, full, errs
}

// SetMany writes the records, each as Set does. It writes what it can, and
// returns one joined error with an [*Error] for each record that it could not
// write. The records are not written as one: a reader may see some of them
// first.
//
// It costs one command per record, in one round trip per 1000 records or 8 MiB
// (to each node, in a cluster).
func (c *Cache[K, V]) SetMany(ctx context.Context, records map[K]V, opts ...SetOption) error {
	const op = "SetMany"
	ctx, run := c.begin(ctx, op, len(records))
	defer run.ensureEnd(ctx)
	own, err := ownTTL(opts)
	if err == nil {
		err = c.ready(ctx)
	}
	if err != nil {
		return run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	var errs []error
	items := make([]store.Item, 0, len(records))
	for k, v := range records {
		key, err := c.redisKey(k)
		var data []byte
		if err == nil {
			data, err = c.encode(v)
		}
		if err != nil {
			errs = append(errs, c.fail(op, c.text(key), err))
			continue
		}
		items = append(items, store.Item{Key: key, Value: data})
	}
	for i, err := range c.store.SetMany(ctx, items, own) {
		if err != nil {
			errs = append(errs, c.fail(op, c.text(items[i].Key), err))
		}
	}
	return run.endMany(ctx, len(records)-len(errs), 0, errors.Join(errs...))
}

// DeleteMany removes the records of keys and returns how many there were. It
// removes what it can, and returns one joined error with an [*Error] for each key
// that it could not remove.
//
// It costs one command per key, in one round trip per 1000 keys (to each node,
// in a cluster).
func (c *Cache[K, V]) DeleteMany(ctx context.Context, keys []K) (int, error) {
	const op = "DeleteMany"
	ctx, run := c.begin(ctx, op, len(keys))
	defer run.ensureEnd(ctx)
	if err := c.ready(ctx); err != nil {
		return 0, run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	_, full, errs := c.redisKeys(op, keys)
	removed, failed := c.store.DeleteMany(ctx, full)
	for i, err := range failed {
		if err != nil {
			errs = append(errs, c.fail(op, c.text(full[i]), err))
		}
	}
	return removed, run.endMany(ctx, removed, max(len(keys)-len(errs)-removed, 0), errors.Join(errs...))
}
