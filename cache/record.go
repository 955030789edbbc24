package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/activettl/rediscache/internal/store"
)

// Get returns the record of key and, under an Active policy, renews it: it has
// its whole TTL again, its own if it has one. A miss is [ErrNotFound]; bytes that
// the codec cannot decode are [ErrDecode], never a zero value.
//
// If the codec cannot decode a record, this process does not renew it again, so that it expires.
//
// It costs one command: GETEX under Active, GET under Fixed, or a script while the cache has
// records with terms of their own. The first such record after 256 others costs two commands.
//
// Under a [ttl.Tolerance] a record that need not be renewed yet costs a GET, or an LRANGE if it has
// terms of its own. These renew nothing. Any other record costs a script.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	return c.read(ctx, "Get", key, true, (*store.Store).Get)
}

// Peek returns the record of key and renews nothing. Its errors are those of Get. It costs one
// command: GET, or a script while the cache has records with terms of their own.
func (c *Cache[K, V]) Peek(ctx context.Context, key K) (V, error) {
	return c.read(ctx, "Peek", key, false, (*store.Store).Peek)
}

// read takes a method expression, since a method value would be allocated for each call.
func (c *Cache[K, V]) read(
	ctx context.Context, op string, k K, renews bool,
	get func(*store.Store, context.Context, string) ([]byte, error),
) (v V, err error) {
	if c.near != nil {
		if e := c.remembered(ctx, k, renews); e != nil {
			return c.answer(ctx, op, k, e)
		}
	}
	ctx, run := c.begin(ctx, op, 1)
	defer run.ensureEnd(ctx)
	key, err := c.key(ctx, op, k)
	if err != nil {
		return v, run.end(ctx, err)
	}
	if c.keeps() {
		var rescued bool
		if v, rescued, err = c.readNear(ctx, k, key, renews); rescued && err == nil {
			run.op.Rescued = 1
		}
	} else {
		var data []byte
		data, err = get(c.store, ctx, key)
		v, err = c.received(key, store.Reply{Value: data, Err: err})
		if err == nil && renews {
			c.renewReadable(ctx, key)
		}
	}
	if err != nil {
		return v, run.end(ctx, c.fail(op, c.text(key), err))
	}
	return v, run.end(ctx, nil)
}

// renewReadable renews a record that was read without, because the value before could not be
// decoded.
func (c *core) renewReadable(ctx context.Context, key string) {
	if c.store.Readable(key) {
		_ = c.store.Touch(ctx, key) // it was read, whatever becomes of its renewal
	}
}

// Set writes the record of key, in place of the one that is there. It lives the policy's TTL, or
// its own by [WithTTL]. A nil pointer as value is [ErrNilValue]. After an error of the connection
// the record may have been written. After any other error it was not.
//
// It costs one command: SET PX; a script for a record with terms of its own.
func (c *Cache[K, V]) Set(ctx context.Context, key K, value V, opts ...SetOption) error {
	return c.onKey(ctx, "Set", key, func(key string) error {
		b, own, err := c.toWrite(key, value, opts)
		if err != nil {
			return err
		}
		err = c.store.Set(ctx, key, b.data, own)
		b.back(err)
		return err
	})
}

// toWrite returns the bytes and the own TTL, or 0, of a record that is written with these options.
func (c *Cache[K, V]) toWrite(
	key string, value V, opts []SetOption,
) (b *buffer, own time.Duration, err error) {
	if own, err = ownTTL(opts); err != nil {
		return nil, 0, err
	}
	b, err = c.encodeLent(key, value)
	return b, own, err
}

// Add writes the record of key if there is none, by the rules of [Cache.Set], and returns
// [ErrExists] if there is one. Of several callers that add one key at the same time, one succeeds.
//
// It costs one command, a script. If its reply is lost, the error is [ErrUnknownOutcome].
func (c *Cache[K, V]) Add(ctx context.Context, key K, value V, opts ...SetOption) error {
	return c.onKey(ctx, "Add", key, func(key string) error {
		b, own, err := c.toWrite(key, value, opts)
		if err != nil {
			return err
		}
		_, err = c.store.Add(ctx, key, b.data, own, false)
		b.back(err)
		return err
	})
}

// Update replaces the value of a record that exists, or returns [ErrNotFound].
// The record keeps its own TTL and deadline. Under Active it is renewed; under
// Fixed it expires when it would have. It costs one command, a script.
func (c *Cache[K, V]) Update(ctx context.Context, key K, value V) error {
	return c.onKey(ctx, "Update", key, func(key string) error {
		b, err := c.encodeLent(key, value)
		if err != nil {
			return err
		}
		err = c.store.Update(ctx, key, b.data)
		b.back(err)
		return err
	})
}

// Touch renews a record without reading it, or returns [ErrNotFound]. Under
// Fixed it moves nothing. It costs one command, a script.
func (c *Cache[K, V]) Touch(ctx context.Context, key K) error {
	return c.onKey(ctx, "Touch", key, func(key string) error { return c.store.Touch(ctx, key) })
}

// Delete removes the record of key. If there is none, that is no error. It costs one command,
// UNLINK.
func (c *Cache[K, V]) Delete(ctx context.Context, key K) error {
	return c.onKey(ctx, "Delete", key, func(key string) error { return c.store.Delete(ctx, key) })
}

// Info is what Redis knows of a record.
type Info struct {
	// TTL is what an access gives the record again: its own TTL, or the
	// policy's. A Fixed cache does not note a TTL that a record was given of its
	// own; Remaining is right all the same.
	TTL time.Duration

	// Remaining is how long the record lives if nobody uses it. It is -1 for a
	// value that another program wrote without a TTL; an access that renews gives
	// it one.
	Remaining time.Duration

	// Idle is the time since the last access: TTL - Remaining. Under a ttl.Tolerance it is the time
	// since the last renewal, since accesses within the tolerance are not seen. It is -1 where
	// Redis cannot tell. That is so under Fixed without Options.TrackAccess, and for a record near
	// its deadline, which its last access could not give the whole TTL.
	Idle time.Duration

	// Deadline is when the record expires however often it is used
	// (ttl.MaxAge); zero if there is no such time.
	Deadline time.Time

	// Size is how many bytes the encoded value has.
	Size int
}

// String returns all fields in one line, with words for -1 and zero.
func (i Info) String() string {
	remaining, idle, deadline := i.Remaining.String(), i.Idle.String(), "none"
	if i.Remaining < 0 {
		remaining = "no TTL"
	}
	if i.Idle < 0 {
		idle = "unknown"
	}
	if !i.Deadline.IsZero() {
		deadline = i.Deadline.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("TTL %v, remaining %s, idle %s, deadline %s, %d bytes", i.TTL, remaining,
		idle, deadline, i.Size)
}

// Inspect tells about the record of key, or returns [ErrNotFound]. It renews
// nothing and does not decode the value. It costs one command, a script; two where accesses are
// tracked.
func (c *Cache[K, V]) Inspect(ctx context.Context, key K) (Info, error) {
	var info store.Info
	err := c.onKey(ctx, "Inspect", key, func(key string) (err error) {
		info, err = c.store.Inspect(ctx, key)
		if err == nil && c.index != nil {
			info.Idle, err = c.index.Idle(ctx, key)
		}
		return err
	})
	return Info(info), err
}

// onKey runs an operation on one key.
func (c *Cache[K, V]) onKey(ctx context.Context, op string, k K, do func(key string) error) error {
	ctx, run := c.begin(ctx, op, 1)
	defer run.ensureEnd(ctx)
	key, err := c.key(ctx, op, k)
	if err == nil {
		if err = do(key); err != nil {
			_, run.byCaller = err.(*callerError)
			err = c.fail(op, c.text(key), err)
		}
	}
	return run.end(ctx, err)
}
