package cache

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Record is a record with its key.
type Record[K comparable, V any] struct {
	Key   K
	Value V
}

// All returns an iterator over the records of the cache, in no order. It renews nothing. For each
// server it holds at most 512 keys in memory, and about 1 MiB of their values, or one value that is
// larger. The first large values after many small ones may come together, as in GetMany.
//
// A record that exists from the beginning to the end comes at least once. It may come twice if
// Redis resizes its table meanwhile. A record that is written or removed meanwhile may come or not.
//
// A record that cannot be read comes as its key and its error, and the walk goes on. If a node of a
// cluster fails, its error comes, and the walk goes on with the other nodes.
//
// Redis looks at every key of the database, in pages: one SCAN per 512 keys. Each record costs one
// GET, and a record with terms of its own may cost a script; both are batched as in GetMany. A walk
// asks primaries only, even if the client reads from replicas. Each range over the iterator is a
// new walk.
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
					// the walk ends with the context or the cache, and says it once
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

// Keys returns an iterator over the keys of the cache's records, in no order, under the same
// conditions as All. It does not read the values. A key in Redis that is not one of type K comes as
// an error with [ErrKey]. A key that holds no record does not come.
//
// It costs one SCAN per 512 keys of the database. In one more round trip per page it costs one TYPE
// per key of the cache. In a third one it costs an LRANGE per record with terms of its own.
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

// Len counts the records by a walk over the keys, under the same conditions and
// at the same cost as Keys. When a node of a cluster fails, it returns the count
// of the others and the error.
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

// Clear removes the records of the cache by a walk over the keys, and returns how many it removed.
// Records that are written meanwhile may stay. It leaves alone the keys of other caches, and keys
// below its own name that hold no record.
//
// It costs what Keys costs, an UNLINK per record in one more round trip per page, and a script per
// hash.
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

// visit takes a page of a walk, or the error that stands for it, and reports whether to go on.
type visit func(ctx context.Context, w *walk, page []string, failed error) (more bool)

// walk is a walk under way, as the Hook is told of it.
type walk struct {
	*core
	op    string
	met   int // records, those that failed included
	lost  int // records that failed
	first error
}

// fail is core.fail that remembers the first error.
func (w *walk) fail(key string, err error) error {
	err = w.core.fail(w.op, key, err)
	if w.first == nil {
		w.first = err
	}
	return err
}

// missed makes the error of a record that the walk has met.
func (w *walk) missed(key string, err error) error {
	w.lost++
	return w.fail(w.text(key), err)
}

// filter returns those keys of a page that a walk is about.
type filter func(ctx context.Context, page []string) ([]string, error)

// everything is the filter of a walk that reads what the keys hold anyway.
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

// pages walks the keys of the cache. If the cache is closed or ctx ends, the walk ends with that
// error, once.
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

// parse reads a key in Redis back.
func (c *Cache[K, V]) parse(key string) (K, error) {
	k, err := c.keys.Parse(c.text(key))
	if err != nil {
		var zero K
		return zero, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, nil
}
