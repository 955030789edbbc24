package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/task"
)

const (
	// maxAttempts limits the attempts of UpdateField and Modify under contention. On each attempt,
	// at least one writer succeeds. So all attempts of a writer fail only if very many writers
	// change one record.
	maxAttempts = 64

	// maxEager is how many attempts run without a pause between them. Each uses the value that the
	// attempt before it found. This favours a writer that has lost over one that begins later.
	// After a pause the value would be stale.
	maxEager = 4

	// A pause is at most maxSpread times as long as an attempt took, and at most maxPause. That
	// spreads up to maxSpread concurrent writers.
	maxSpread = 64
	maxPause  = 250 * time.Millisecond
)

// Modify changes the value of a record with fn and returns the new value. It reads the record,
// calls fn, and writes the result only if the record still holds what was read. Otherwise fn runs
// again with the newer value, up to 64 times; from the fifth time on, a short random pause comes
// first. So fn must have no side effects. The record keeps its own TTL and deadline. Under Active,
// Modify renews it. The errors are:
//
//   - [ErrNotFound]: there is no record, or it expired; [Cache.Upsert] creates it
//   - the error of fn: nothing is written
//   - [ErrConflict]: all attempts lost to other writers
//   - [ErrUnknownOutcome]: the reply to the write is lost. Modify does not try again, since fn
//     could then take effect twice.
//   - [ErrDecode]: the codec cannot decode the record
//   - [ErrEncode], [ErrNilValue], [ErrTooLarge]: the cache cannot write the result. ErrEncode
//     includes a value that the codec encodes but cannot decode again.
//   - those of all operations, see [Cache]
//
// With an error, the returned value is the zero V. Modify costs two commands: the read (GETEX
// without a TTL, or a script) and a script. Each of the next three attempts costs one more command,
// and each later one two more.
func (c *Cache[K, V]) Modify(ctx context.Context, key K, fn func(V) (V, error)) (V, error) {
	var v V
	err := c.onKey(ctx, "Modify", key, func(key string) (err error) {
		if fn == nil {
			return errNoFunc
		}
		v, err = c.swap(ctx, key, fn)
		return err
	})
	return v, err
}

// Upsert is [Cache.Modify], but creates the record if there is none. fn then gets the zero V, and
// found is false. If two callers create a record at the same time, one of them sees the value of
// the other, so no change is lost.
//
// A new record gets the policy's TTL, or its own TTL from [WithTTL]. An existing record keeps its
// own TTL and deadline, as under Modify. The errors are those of Modify without ErrNotFound, plus
// [ErrTTL] for an invalid WithTTL. Upsert costs what Modify costs.
//
//	carts.Upsert(ctx, id, func(c Cart, _ bool) (Cart, error) {
//		c.Items = append(c.Items, item)
//		return c, nil
//	})
func (c *Cache[K, V]) Upsert(
	ctx context.Context, key K, fn func(v V, found bool) (V, error), opts ...SetOption,
) (V, error) {
	var v V
	err := c.onKey(ctx, "Upsert", key, func(key string) error {
		if fn == nil {
			return errNoFunc
		}
		own, err := ownTTL(opts)
		if err != nil {
			return err
		}
		v, err = c.upsert(ctx, key, fn, &own)
		return err
	})
	return v, err
}

// UpdateField sets one field of a record to value. The other fields stay as they are, including
// those that V does not have. It writes with compare-and-set, as [Cache.Modify] does, and has its
// cost and errors. In addition, the errors are:
//
//   - [ErrUnknownField]: the value has no field with this name, or an index is beyond the end of a
//     list
//   - [ErrFieldValue]: the field cannot hold value; the codec must be able to decode it there
//     without loss
//   - [errors.ErrUnsupported]: the codec does not implement [codec.FieldSetter]. JSON, MsgPack and
//     Proto do, and so do the codecs that wrap them.
//
// field is the name that the codec uses: the json tag, the msgpack tag, or the name in the .proto
// file. A path leads into structs, maps and lists: "address.city", "tags[0]", `scores["a.b"]`.
func (c *Cache[K, V]) UpdateField(ctx context.Context, key K, field string, value any) error {
	return c.onKey(ctx, "UpdateField", key, func(key string) error {
		return c.setFields(ctx, key, map[string]any{field: value})
	})
}

// UpdateFields is [Cache.UpdateField] for several fields: it sets all of them or none. The keys of
// fields are paths. No path may lead into another one.
func (c *Cache[K, V]) UpdateFields(ctx context.Context, key K, fields map[string]any) error {
	return c.onKey(ctx, "UpdateFields", key, func(key string) error {
		return c.setFields(ctx, key, fields)
	})
}

// setFields sets fields of the value under a key in Redis.
func (c *Cache[K, V]) setFields(ctx context.Context, key string, fields map[string]any) error {
	return c.exchange(ctx, key, func(old []byte, _ bool) ([]byte, error) {
		if err := c.fits(old); err != nil {
			return nil, err
		}
		if c.nillable && len(old) <= maxNull && c.isNull(key, old) {
			return nil, fmt.Errorf("%w: %w", ErrDecode, ErrNilValue)
		}
		data, err := codec.SetFieldsFor(c.codec, key, old, fields)
		switch {
		case err == nil:
			return data, c.fits(data)
		case errors.Is(err, ErrUnknownField), errors.Is(err, ErrFieldValue),
			errors.Is(err, errors.ErrUnsupported):
			return nil, err
		}
		if _, undecodable := c.decode(key, old); undecodable == nil { // so old is not the cause
			return nil, fmt.Errorf("%w: %w", ErrEncode, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrDecode, err)
	}, nil)
}

// swap changes the value under a key in Redis with fn, and returns the new value.
func (c *Cache[K, V]) swap(ctx context.Context, key string, fn func(V) (V, error)) (V, error) {
	return c.upsert(ctx, key, func(v V, _ bool) (V, error) { return fn(v) }, nil)
}

// upsert is swap, but creates a missing record unless create is nil. create is the record's own
// TTL, or 0. upsert does not write a value that the codec cannot decode again.
func (c *Cache[K, V]) upsert(
	ctx context.Context, key string, fn func(v V, found bool) (V, error), create *time.Duration,
) (V, error) {
	var written, zero V
	err := c.exchange(ctx, key, func(old []byte, found bool) (data []byte, err error) {
		var v V
		if found {
			if v, err = c.decode(key, old); err != nil {
				return nil, err
			}
		}
		if written, err = fn(v, found); err != nil {
			return nil, &callerError{err}
		}
		if data, err = c.encode(key, written); err != nil {
			return nil, err
		}
		if _, err = c.decode(key, data); err != nil {
			return nil, fmt.Errorf("%w: the codec could not decode it again: %w", ErrEncode, err)
		}
		return data, nil
	}, create)
	if err != nil {
		return zero, err
	}
	return written, nil
}

var errNoFunc = errors.New("fn is nil")

// exchange changes the bytes under a key in Redis with fn, with compare-and-set.
func (c *core) exchange(
	ctx context.Context, key string, fn func(old []byte, found bool) ([]byte, error),
	create *time.Duration,
) error {
	begun := time.Now()
	old, err := c.store.ReadForSwap(ctx, key, create == nil)
	for attempt := range maxAttempts {
		if attempt >= maxEager {
			if err := pause(ctx, attempt-maxEager, time.Since(begun)); err != nil {
				return err
			}
			begun = time.Now()
			old, err = c.store.ReadForSwap(ctx, key, create == nil)
		}
		found := err == nil
		if !found && (create == nil || !errors.Is(err, ErrNotFound)) {
			return err
		}
		if found {
			c.hasRead(len(old))
		}
		data, err2 := fn(old, found)
		if err2 != nil {
			return err2
		}
		c.writes(len(data))
		var done bool
		if found {
			old, done, err = c.store.Swap(ctx, key, old, data)
		} else {
			old, err = c.store.Add(ctx, key, data, *create, true)
			if done = err == nil; errors.Is(err, ErrExists) {
				err = nil // old is what the other writer wrote
			}
		}
		if done {
			return nil
		}
		if err != nil && (create == nil || !errors.Is(err, ErrNotFound)) {
			return err
		}
	}
	return ErrConflict
}

// pause waits a random time before the n-th attempt that is not eager. The time grows with n, so
// that many writers do not collide again and again, and with the time that an attempt took.
func pause(ctx context.Context, n int, took time.Duration) error {
	limit := min(took*time.Duration(min(maxSpread, 2<<min(n, 16))), maxPause)
	return task.Sleep(ctx, rand.N(limit+1))
}
