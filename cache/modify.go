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
// is [ErrUnknownOutcome], since another attempt could apply fn twice. A value that the codec
// encodes and would not decode is [ErrEncode] and not written.
//
// It costs two commands, one more for each of the next three attempts, and two more for each one
// after those.
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

// UpdateField sets one field of a record to value and leaves the others as they are, also those
// that V does not have. It writes by compare-and-set, as Modify does and at its cost.
//
// The field is named as the codec names it: by its json tag, its msgpack tag, or its name in the
// .proto file. A path leads into structs, maps and lists: "address.city", "tags[0]",
// `scores["a.b"]`. A name that the value does not have, and an index behind the end of a list, are
// [ErrUnknownField]. A value that the field does not take is [ErrFieldValue]: a field takes what
// the codec can decode there without a loss.
//
// The codec must implement [codec.FieldSetter], as JSON, MsgPack and Proto do, and what is wrapped
// around them; otherwise the error is errors.ErrUnsupported.
func (c *Cache[K, V]) UpdateField(ctx context.Context, key K, field string, value any) error {
	return c.onKey(ctx, "UpdateField", key, func(key string) error {
		return c.setFields(ctx, key, map[string]any{field: value})
	})
}

// UpdateFields is [Cache.UpdateField] for several fields: all of them are set at once, or none. The
// keys of fields are their paths, none of which may lead into another one.
func (c *Cache[K, V]) UpdateFields(ctx context.Context, key K, fields map[string]any) error {
	return c.onKey(ctx, "UpdateFields", key, func(key string) error {
		return c.setFields(ctx, key, fields)
	})
}

// setFields sets fields of what is stored under a key in Redis.
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
		if _, undecodable := c.decode(key, old); undecodable == nil { // so it is no fault of old
			return nil, fmt.Errorf("%w: %w", ErrEncode, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrDecode, err)
	}, nil)
}

// swap replaces the value under a key in Redis by what fn makes of it, and returns what it wrote.
func (c *Cache[K, V]) swap(ctx context.Context, key string, fn func(V) (V, error)) (V, error) {
	return c.upsert(ctx, key, func(v V, _ bool) (V, error) { return fn(v) }, nil)
}

// upsert is swap that creates a record that is not there, with this TTL of its own or 0, unless
// create is nil. What would not decode again is not written.
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
			return nil, fmt.Errorf("%w: it would not decode: %w", ErrEncode, err)
		}
		return data, nil
	}, create)
	if err != nil {
		return zero, err
	}
	return written, nil
}

var errNoFunc = errors.New("fn is nil")

// exchange replaces the bytes under a key in Redis by what fn makes of them, by compare-and-set.
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
				err = nil // old is what another has written
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

// pause waits a random time before the n-th attempt that is not eager. It grows
// with n, so that many writers do not meet again and again, and with the time that
// an attempt took.
func pause(ctx context.Context, n int, took time.Duration) error {
	limit := min(took*time.Duration(min(maxSpread, 2<<min(n, 16))), maxPause)
	return task.Sleep(ctx, rand.N(limit+1))
}
