package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/activettl/rediscache/cache"
)

// source is where records are loaded from. A caller that changes a row then Sets or Deletes the
// record. Safe for concurrent use.
type source struct {
	mu   sync.Mutex
	rows map[string]Value
}

func (s *source) put(key string, v Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[key] = v
}

func (s *source) get(key string) (Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.rows[key]
	if !ok {
		return v, fmt.Errorf("no row: %w", cache.ErrNotFound)
	}
	return v, nil
}

// loading is how long a loader takes after it has read, so that writes come in between.
const loading = 3 * time.Millisecond

// one is a loader.
func (s *source) one(_ context.Context, key string) (Value, error) {
	v, err := s.get(key)
	time.Sleep(loading)
	return v, err
}

// many is a loader of batches.
func (s *source) many(_ context.Context, keys []string) (map[string]Value, error) {
	all := map[string]Value{}
	for _, key := range keys {
		if v, err := s.get(key); err == nil {
			all[key] = v
		}
	}
	time.Sleep(loading)
	return all, nil
}

// loadedKeys is the number of loaded keys per writer. It is small, so that callers meet on the same
// key.
const loadedKeys = 2

func loadedKey(writer, n int) string { return fmt.Sprintf("loaded/%d/%d", writer, n) }

// change changes a row of the source and then the record.
func (c *caller) change(writer int) {
	key := loadedKey(writer, c.r.IntN(loadedKeys))
	removes := c.r.IntN(2) == 0
	issue := c.ledger.issue
	if removes {
		issue = c.ledger.remove
	}
	version, m := issue(key)
	v := newValue(key, version, writer)
	c.source.put(key, v)
	begun := time.Now()
	err := c.do(func(ctx context.Context) error {
		if removes {
			return c.cache.Delete(ctx, key)
		}
		return c.cache.Set(ctx, key, v, c.terms()...)
	})
	if err == nil {
		c.acked(key, version, m, time.Since(begun))
	}
}

// readThrough reads records through the cache.
func (c *caller) readThrough() {
	key := loadedKey(c.r.IntN(writers), c.r.IntN(loadedKeys))
	switch c.r.IntN(4) {
	case 0:
		c.loadMany()
	case 1: // never from memory
		c.loadOne(way{}, key, func(ctx context.Context) (Value, error) {
			return c.cache.Reload(ctx, key, c.source.one)
		})
	case 2: // what stands in Redis is not out of date either
		m := c.ledger.lookBy(c.cache, key)
		var v Value
		err := c.do(func(ctx context.Context) (err error) {
			v, err = c.cache.Get(ctx, key)
			return err
		})
		if err == nil {
			c.ledger.saw(key, v, m)
		}
	default:
		c.loadOne(c.cache, key, func(ctx context.Context) (Value, error) {
			return c.cache.GetOrLoad(ctx, key, c.source.one)
		})
	}
}

func (l *load) loadOne(
	by way, key string, get func(context.Context) (Value, error),
) {
	m := l.ledger.lookBy(by, key)
	_, none := l.source.get(key)
	var v Value
	err := l.do(func(ctx context.Context) (err error) {
		v, err = get(ctx)
		return err
	})
	l.loaded(key, v, m, err, none)
}

func (c *caller) loadMany() {
	moments, none := map[string]moment{}, map[string]error{}
	var keys []string
	for w := range writers {
		for n := range loadedKeys {
			key := loadedKey(w, n)
			keys = append(keys, key)
			moments[key] = c.ledger.lookBy(c.cache, key)
			_, none[key] = c.source.get(key)
		}
	}
	c.r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var found map[string]Value
	err := c.do(func(ctx context.Context) (err error) {
		found, err = c.cache.GetOrLoadMany(ctx, keys, c.source.many)
		return err
	})
	for _, key := range keys {
		if v, ok := found[key]; ok {
			c.loaded(key, v, moments[key], nil, none[key])
		} else if err == nil {
			c.loaded(key, v, moments[key], cache.ErrNotFound, none[key])
		}
	}
}

// loaded judges what a read-through returned for a key. none is the error of the source for it,
// before the read: nil if the source had a row.
func (l *load) loaded(key string, v Value, m moment, err, none error) {
	switch {
	case err == nil:
		l.ledger.loaded(key, v, m)
	case errors.Is(err, cache.ErrNotFound) && none == nil:
		l.ledger.complain("%s: a read-through found nothing, and the source has it", key)
	}
}
