package cache

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/activettl/rediscache/internal/store"
)

// GetMany reads the records of many keys, each as [Cache.Get] does: under Active, the read renews
// them. The map has no entry for a key without a record, and is never nil. A duplicate key counts
// once.
//
// If some keys fail, GetMany returns the other records and one error. The error holds an [*Error]
// for each key that failed. If a server does not answer, only its keys fail. GetMany waits for it
// once: after a whole round trip without an answer, it asks that server nothing more.
//
// It costs one command per key: the command of Get. One round trip to each server reads up to 1000
// keys and about 1 MiB of values. The cache learns from the values that it reads and writes how
// many keys fit. A new cache begins with one key, and each next round trip may read four times as
// many. So 1000 keys cost six round trips at first, and one later.
//
// There are two exceptions. The first large values after many small ones may come in one round
// trip. Records with their own TTL or deadline cost a second round trip if the cache did not expect
// them.
func (c *Cache[K, V]) GetMany(ctx context.Context, keys []K) (map[K]V, error) {
	const op = "GetMany"
	ctx, run := c.begin(ctx, op, len(keys))
	defer run.ensureEnd(ctx)
	values := make(map[K]V, len(keys))
	if err := c.ready(ctx); err != nil {
		run.keys = len(unique(keys))
		return values, run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	g := gathered[K, V]{c: c, values: values}
	if c.hook != nil {
		g.missed = map[K]struct{}{}
	}
	if c.near != nil {
		keys = g.remember(ctx, keys)
	}
	var errs []error
	g.good, g.full, errs = c.redisKeys(op, unique(keys))
	if c.keeps() {
		g.fetch(ctx)
	} else {
		for i, reply := range c.store.GetMany(ctx, g.full) {
			v, err := c.received(g.full[i], reply)
			g.take(i, v, err)
		}
	}
	c.store.Renew(ctx, g.renew)
	for _, i := range slices.Sorted(maps.Keys(g.failed)) { // replies come in the order of servers
		errs = append(errs, c.fail(op, c.text(g.full[i]), g.failed[i]))
	}
	run.op.Near, run.op.nearMisses, run.op.Rescued = g.fromNear, g.missedNear, g.fromOld
	return values, run.endMany(ctx, len(values), len(g.missed), c.joined(op, errs))
}

// gathered is the state of a GetMany.
type gathered[K comparable, V any] struct {
	c    *Cache[K, V]
	good []K // the keys to read from Redis, and their names there
	full []string

	values map[K]V
	missed map[K]struct{} // nil without a hook
	renew  []string       // names of records that the read did not renew
	failed map[int]error  // by the index in good

	fromNear, missedNear int // keys that copies answered; how many of these are misses
	fromOld              int // records that older copies answered
}

// take adds the result of reading the i-th key.
func (g *gathered[K, V]) take(i int, v V, err error) {
	switch {
	case err == nil:
		g.values[g.good[i]] = v
		if g.c.store.Readable(g.full[i]) {
			g.renew = append(g.renew, g.full[i])
		}
	case errors.Is(err, ErrNotFound):
		if g.missed != nil {
			g.missed[g.good[i]] = struct{}{}
		}
	default:
		if g.failed == nil {
			g.failed = map[int]error{}
		}
		g.failed[i] = err
	}
}

// value decodes the value of a reply.
func (c *Cache[K, V]) value(key string, reply store.Reply) (v V, err error) {
	if reply.Err != nil {
		return v, reply.Err
	}
	c.hasRead(len(reply.Value))
	return c.decode(key, reply.Value)
}

// received is value for the reads of callers. A record that cannot be decoded is not renewed again.
func (c *Cache[K, V]) received(key string, reply store.Reply) (v V, err error) {
	if v, err = c.value(key, reply); err != nil && reply.Err == nil {
		c.store.Unreadable(key)
	}
	return v, err
}

// redisKeys returns the valid keys of ks, their keys in Redis, and the errors of the others.
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

// SetMany writes the records, each as [Cache.Set] does with the same options. It is not atomic: a
// reader may see some of the records before the others.
//
// If some records fail, SetMany writes the others and returns one error. The error holds an
// [*Error] for each record that it could not write. If a server does not answer, only its records
// fail. SetMany waits for it once, as GetMany does.
//
// It costs one command per record: the command of Set. One round trip to each server writes up to
// 1000 records and 8 MiB of values.
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
			data, err = c.encode(key, v)
		}
		if err != nil {
			errs = append(errs, c.fail(op, c.text(key), err))
			continue
		}
		c.writes(len(data))
		items = append(items, store.Item{Key: key, Value: data})
	}
	for i, err := range c.store.SetMany(ctx, items, own) {
		if err != nil {
			errs = append(errs, c.fail(op, c.text(items[i].Key), err))
		}
	}
	return run.endMany(ctx, len(records)-len(errs), 0, c.joined(op, errs))
}

// DeleteMany removes the records of keys, each as [Cache.Delete] does, and returns how many
// existed. A duplicate key counts once.
//
// If some keys fail, DeleteMany removes the others and returns one error. The error holds an
// [*Error] for each key that it could not remove. If a server does not answer, only its keys fail.
// DeleteMany waits for it once, as GetMany does.
//
// It costs one UNLINK per key. One round trip to each server removes up to 1000 keys.
func (c *Cache[K, V]) DeleteMany(ctx context.Context, keys []K) (int, error) {
	const op = "DeleteMany"
	ctx, run := c.begin(ctx, op, len(keys))
	defer run.ensureEnd(ctx)
	keys = unique(keys)
	run.keys = len(keys)
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
	missed := max(len(keys)-len(errs)-removed, 0)
	return removed, run.endMany(ctx, removed, missed, c.joined(op, errs))
}
