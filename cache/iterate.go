package cache

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Record is the key and the value of a record.
type Record[K comparable, V any] struct {
	Key   K
	Value V
}

// All returns an iterator over the records of the cache, in no order. It renews nothing. Each range
// over the iterator is a new walk. All asks primaries only, even if the client reads from replicas.
//
// A record that exists during the whole walk comes at least once. It may come twice if Redis
// resizes its table during the walk. A record that is written or removed during the walk may come
// or not.
//
// If a record cannot be read, its key and its error come, and the walk goes on. If a node of a
// cluster fails, its error comes with the zero Record, and the walk goes on with the other nodes.
// If ctx ends or the cache is closed, that error comes once and the walk ends. The errors of a
// record are those of [Cache.Get], except ErrNotFound. [ErrKey] means that the key is not that of a
// K.
//
// Redis looks at every key of the database. All costs one SCAN per 512 keys of the database, and
// one GET per record. A record with its own TTL or deadline may cost a script in addition. The
// reads are batched as in [Cache.GetMany].
//
// For each server, All holds at most 512 keys and about 1 MiB of values in memory, or one larger
// value. The first large values after many small ones may come together.
func (c *Cache[K, V]) All(ctx context.Context) iter.Seq2[Record[K, V], error] {
	const op = "All"
	return func(yield func(Record[K, V], error) bool) {
		c.walk(ctx, op, everything, func(
			ctx context.Context, w *walk, page []string, failed error,
		) (more bool) {
			if failed != nil {
				return yield(Record[K, V]{}, failed)
			}
			for i, reply := range c.store.PeekMany(ctx, page) {
				if errors.Is(reply.Err, ErrNotFound) {
					continue
				}
				if reply.Err != nil && c.ready(ctx) != nil {
					// the walk ends here, and its error comes once
					return true
				}
				w.met++
				var rec Record[K, V]
				k, err := c.parse(page[i])
				if err == nil {
					rec.Key = k
					rec.Value, err = c.value(page[i], reply)
				}
				if err != nil {
					err = w.missed(page[i], err)
				}
				if !yield(rec, err) {
					return false
				}
			}
			return true
		})
	}
}

// Keys returns an iterator over the keys of the records, in no order. It walks as [Cache.All] does,
// but does not read the values. A key in Redis that is not that of a K comes as an error with
// [ErrKey]. A key that holds no record does not come.
//
// Keys costs one SCAN per 512 keys of the database. For each such page, a second round trip has one
// TYPE per key of the cache. A third one has an LRANGE per record with its own TTL or deadline.
func (c *Cache[K, V]) Keys(ctx context.Context) iter.Seq2[K, error] {
	const op = "Keys"
	return func(yield func(K, error) bool) {
		c.walk(ctx, op, c.store.Records, func(
			_ context.Context, w *walk, page []string, failed error,
		) (more bool) {
			if failed != nil {
				var zero K
				return yield(zero, failed)
			}
			for _, key := range page {
				w.met++
				k, err := c.parse(key)
				if err != nil {
					err = w.missed(key, err)
				}
				if !yield(k, err) {
					return false
				}
			}
			return true
		})
	}
}

// Len returns the number of records. It walks over the keys as [Cache.Keys] does, at the same cost.
// If a node of a cluster fails, Len returns the number of records on the others and an error.
func (c *Cache[K, V]) Len(ctx context.Context) (int, error) {
	n := 0
	var errs []error
	c.walk(ctx, "Len", c.store.Records, func(
		_ context.Context, w *walk, page []string, failed error,
	) bool {
		if failed != nil {
			errs = append(errs, failed)
		}
		n += len(page)
		w.met = n
		return true
	})
	return n, c.joined("Len", errs)
}

// Clear removes the records of the cache and returns how many it removed. It walks over the keys as
// [Cache.Keys] does. A record that is written during the walk may stay. Clear leaves the keys of
// other caches alone, and keys under the name of this cache that hold no record. If some keys or a
// node of a cluster fail, Clear removes the other records and returns one error with an [*Error]
// for each failure.
//
// Clear costs what Keys costs. In addition, one more round trip per page has an UNLINK per record
// and a script per hash.
func (c *Cache[K, V]) Clear(ctx context.Context) (int, error) {
	const op = "Clear"
	var removed int
	var failed map[string]error
	remove := func(ctx context.Context, page []string) ([]string, error) {
		var err error
		removed, _, failed, err = c.store.Clear(ctx, page)
		return nil, err
	}
	n := 0
	var errs []error
	c.walk(ctx, op, remove, func(_ context.Context, w *walk, _ []string, lost error) bool {
		if lost != nil {
			errs = append(errs, lost)
			return true
		}
		w.met += removed + len(failed)
		for key, err := range failed {
			errs = append(errs, w.missed(key, err))
		}
		n += removed
		return true
	})
	return n, c.joined(op, errs)
}

// visit takes a page of a walk, or an error in place of the page. It reports whether to go on.
type visit func(ctx context.Context, w *walk, page []string, failed error) (more bool)

// walk is the state of a walk, as the Hook will see it.
type walk struct {
	*core
	op    string
	met   int // records, including those that failed
	lost  int // records that failed
	first error
}

// fail is core.fail. It also remembers the first error.
func (w *walk) fail(key string, err error) error {
	err = w.core.fail(w.op, key, err)
	if w.first == nil {
		w.first = err
	}
	return err
}

// missed returns the error of a record that the walk could not read or remove.
func (w *walk) missed(key string, err error) error {
	w.lost++
	return w.fail(w.text(key), err)
}

// filter returns the keys of a page that a walk passes on.
type filter func(ctx context.Context, page []string) ([]string, error)

// everything is the filter of a walk that reads the values: the reads show what the keys hold.
func everything(_ context.Context, page []string) ([]string, error) { return page, nil }

// walk runs an operation over the keys of the cache.
func (c *core) walk(ctx context.Context, op string, filter filter, visit visit) {
	ctx, run := c.begin(ctx, op, 0)
	defer run.ensureEnd(ctx)
	w := &walk{core: c, op: op}
	for page, err := range c.pages(ctx) {
		if err == nil {
			page, err = filter(ctx, page)
		}
		if err != nil {
			page, err = nil, w.fail("", err)
		}
		if !visit(ctx, w, page, err) {
			break
		}
	}
	run.op.Keys, run.op.Failed = w.met, w.lost
	_ = run.endMany(ctx, w.met-w.lost, 0, w.first)
}

// pages walks over the keys of the cache. If the cache is closed or ctx ends, the walk yields that
// error once and ends.
func (c *core) pages(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if err := c.ready(ctx); err != nil {
			yield(nil, err)
			return
		}
		for page, err := range c.store.Pages(ctx) {
			ended := c.ready(ctx)
			if ended != nil {
				page, err = nil, ended
			}
			if !yield(page, err) || ended != nil {
				return
			}
		}
	}
}

// parse returns the K of a key in Redis.
func (c *Cache[K, V]) parse(key string) (K, error) {
	k, err := c.keys.Parse(c.text(key))
	if err != nil {
		var zero K
		return zero, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, nil
}
