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
	// maxAttempts bounds UpdateField and Modify under contention. On each attempt
	// at least one writer wins, so that all of them fail only where one record
	// has very many writers at once.
	maxAttempts = 64

	// maxEager is how many attempts follow each other without a pause. Each uses the value that the
	// attempt before it met. That favours the writer who lost over one who begins later. A pause
	// would not: what was read before a pause is stale after it.
	maxEager = 4

	// A pause is at most maxSpread times as long as an attempt takes, room for so
	// many writers side by side, and never longer than maxPause.
	maxSpread = 64
	maxPause  = 250 * time.Millisecond
)

// Modify replaces the value of a record by what fn makes of it, and returns what it wrote. It reads
// the record, and writes only if the record still holds what was read. Otherwise fn runs again on
// the newer value, up to 64 times, from the fifth on after a short random pause. Then Modify
// returns [ErrConflict]. So fn must have no effect but its result. If fn returns an error, nothing
// is written and Modify returns that error.
//
// The record keeps its terms, as under Update. If there is no record, or it expires meanwhile, the
// error is [ErrNotFound]; [Cache.Upsert] writes one. If the reply to the write is lost, the error
// is [ErrUnknownOutcome], since another attempt could apply fn twice.
//
// It costs two commands, one more for each of the next three attempts, and two more for each one
// after those.
func (c *Cache[K, V]) Modify(ctx context.Context, key K, fn func(V) (V, error)) (V, error) {
	var v V
	err := c.onKey(ctx, "Modify", key, func(key string) (err error) {
		if fn == nil {
			return errors.New("fn is nil")
		}
		v, err = c.swap(ctx, key, fn)
		return err
	})
	return v, err
}

// Upsert is [Cache.Modify] that creates the record if there is none: fn gets the zero V, and found
// is false. If two callers create a record at the same time, one of them sees the value of the
// other, so neither is lost.
//
// A record that Upsert creates lives the policy's TTL, or its own by [WithTTL]. One that exists
// keeps its terms, as under Modify. Upsert costs what Modify costs.
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
			return errors.New("fn is nil")
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

// UpdateField sets one field of a record to value and leaves the others as they
// are, as Modify does and at its cost. The field is named as the codec names it:
// by its json tag, its msgpack tag, or its name in the .proto file. A name that
// the value does not have is [ErrUnknownField]; a value that the field does not
// take is [ErrFieldValue]. A field takes what Go can assign to it, and a number
// that its type holds exactly.
//
// The codec must implement [codec.FieldSetter], as JSON, MsgPack and Proto do;
// otherwise the error is errors.ErrUnsupported.
func (c *Cache[K, V]) UpdateField(ctx context.Context, key K, field string, value any) error {
	return c.onKey(ctx, "UpdateField", key, func(key string) error {
		setter, ok := c.codec.(codec.FieldSetter[V])
		if !ok {
			return fmt.Errorf("codec %T cannot name fields: %w", c.codec, errors.ErrUnsupported)
		}
		_, err := c.swap(ctx, key, func(v V) (V, error) { return setter.SetField(v, field, value) })
		return err
	})
}

// swap replaces the value under a key in Redis by what fn makes of it, and returns what it wrote.
func (c *Cache[K, V]) swap(ctx context.Context, key string, fn func(V) (V, error)) (V, error) {
	return c.upsert(ctx, key, func(v V, _ bool) (V, error) { return fn(v) }, nil)
}

// upsert is swap that creates a record that is not there, with this TTL of its own or 0, unless
// create is nil.
func (c *Cache[K, V]) upsert(
	ctx context.Context, key string, fn func(v V, found bool) (V, error), create *time.Duration,
) (V, error) {
	var zero V
	begun := time.Now()
	old, err := c.store.ReadForSwap(ctx, key, create == nil)
	for attempt := range maxAttempts {
		if attempt >= maxEager {
			if err := pause(ctx, attempt-maxEager, time.Since(begun)); err != nil {
				return zero, err
			}
			begun = time.Now()
			old, err = c.store.ReadForSwap(ctx, key, create == nil)
		}
		found := err == nil
		if !found && (create == nil || !errors.Is(err, ErrNotFound)) {
			return zero, err
		}
		var v V
		if found {
			if v, err = c.decode(old); err != nil {
				return zero, err
			}
		}
		if v, err = fn(v, found); err != nil {
			return zero, err
		}
		data, err2 := c.encode(v)
		if err2 != nil {
			return zero, err2
		}
		var done bool
		if found {
			old, done, err = c.store.Swap(ctx, key, old, data)
		} else {
			old, err = c.store.Add(ctx, key, data, *create, true)
			if done = err == nil; errors.Is(err, ErrExists) {
				err = nil // old is what another has written
			}
		}
		if done {
			return v, nil
		}
		if err != nil && (create == nil || !errors.Is(err, ErrNotFound)) {
			return zero, err
		}
	}
	return zero, ErrConflict
}

// pause waits a random time before the n-th attempt that is not eager. It grows
// with n, so that many writers do not meet again and again, and with the time that
// an attempt took.
func pause(ctx context.Context, n int, took time.Duration) error {
	limit := min(took*time.Duration(min(maxSpread, 2<<min(n, 16))), maxPause)
	return task.Sleep(ctx, rand.N(limit+1))
}
