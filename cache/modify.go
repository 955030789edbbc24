package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/activettl/rediscache/codec"
)

const (
	// maxAttempts bounds UpdateField and Modify under contention. On each attempt
	// at least one writer wins, so that all of them fail only where one record
	// has very many writers at once.
	maxAttempts = 64

	// maxEager is how many attempts follow each other at once, each on the value
	// that the one before it met. That favours the writer who lost over one who
	// begins anew, which a pause would not: what was read before a pause is stale
	// after it.
	maxEager = 4

	// A pause is at most maxSpread times as long as an attempt takes, room for so
	// many writers side by side, and never longer than maxPause.
	maxSpread = 64
	maxPause  = 250 * time.Millisecond
)

// Modify replaces the value of a record by what fn makes of it, and returns what
// it wrote: a read, and a write on the condition that the record still holds
// what was read. If it does not, fn runs again on the newer value, up to 64 times,
// from the fifth on after a short random pause; then Modify returns [ErrConflict].
// So fn must have no effect but its result. If fn returns an error, nothing is
// written and Modify returns that error.
//
// The record keeps its terms as under Update, and a record that expires
// meanwhile is [ErrNotFound]. When the connection breaks before Redis answers
// the write, Modify returns that error and cannot know whether the write took
// place: it does not risk to apply fn twice.
//
// It costs two commands, one more for each of the next three attempts, and two
// more for each one after those.
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

// swap replaces the value under a key in Redis by what fn makes of it, and returns
// what it wrote.
func (c *Cache[K, V]) swap(ctx context.Context, key string, fn func(V) (V, error)) (V, error) {
	var zero V
	begun := time.Now()
	old, err := c.store.Current(ctx, key)
	for attempt := range maxAttempts {
		if attempt >= maxEager {
			if err := pause(ctx, attempt-maxEager, time.Since(begun)); err != nil {
				return zero, err
			}
			begun = time.Now()
			old, err = c.store.Current(ctx, key)
		}
		if err != nil {
			return zero, err
		}
		v, err := c.decode(old)
		if err != nil {
			return zero, err
		}
		if v, err = fn(v); err != nil {
			return zero, err
		}
		data, err := c.encode(v)
		if err != nil {
			return zero, err
		}
		current, swapped, err := c.store.Swap(ctx, key, old, data)
		if err != nil {
			return zero, err
		}
		if swapped {
			return v, nil
		}
		old = current
	}
	return zero, ErrConflict
}

// pause waits a random time before the n-th attempt that is not eager. It grows
// with n, so that many writers do not meet again and again, and with the time that
// an attempt took.
func pause(ctx context.Context, n int, took time.Duration) error {
	limit := min(took*time.Duration(min(maxSpread, 2<<min(n, 16))), maxPause)
	timer := time.NewTimer(rand.N(limit + 1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
