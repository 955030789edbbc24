package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/activettl/rediscache/internal/store"
)

// Get returns the record of key. Under an Active policy it also renews the record: the TTL begins
// again. The errors are:
//
//   - [ErrNotFound]: a miss
//   - [ErrDecode]: the codec cannot decode the bytes
//   - [ErrTooLarge]: the value has more than Options.MaxValueBytes
//   - those of all operations, see [Cache]
//
// With an error, the value is the zero V. After ErrDecode or ErrTooLarge, this process does not
// renew the record again, so the record expires.
//
// Get costs one command: GETEX under Active, GET under Fixed. While the cache has records with
// their own TTL or deadline, the command is a script. The first such record costs two commands.
// After 256 reads in a row without one, plain commands come first again.
//
// Under a [ttl.Tolerance], a record that this process knows to be renewed costs a GET, or an LRANGE
// if it has its own TTL or deadline. These commands renew nothing. Any other record costs a script,
// which renews it if that is due.
//
// With Options.Near, a copy in memory answers without a command. While copies are kept, any other
// read costs a script.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	return c.read(ctx, "Get", key, true, (*store.Store).Get)
}

// Peek returns the record of key and does not renew it. It returns the errors of [Cache.Get]. It
// costs one command: GET, or a script in the cases in which Get needs one. With Options.Near, a
// copy in memory may answer.
func (c *Cache[K, V]) Peek(ctx context.Context, key K) (V, error) {
	return c.read(ctx, "Peek", key, false, (*store.Store).Peek)
}

// read takes a method expression, because a method value would be allocated for each call.
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

// renewReadable renews a record that can be decoded now. The read did not renew it, because this
// process could not decode the value before.
func (c *core) renewReadable(ctx context.Context, key string) {
	if c.store.Readable(key) {
		_ = c.store.Touch(ctx, key) // the read succeeded, even if the renewal fails
	}
}

// Set writes the record of key and replaces an existing one. The record gets the TTL of the policy,
// or its own TTL from [WithTTL]. The errors are:
//
//   - [ErrNilValue]: the value is a nil pointer or a nil interface
//   - [ErrEncode]: the codec cannot encode the value
//   - [ErrTooLarge]: the encoded value has more than Options.MaxValueBytes
//   - [ErrTTL]: the TTL of WithTTL is invalid
//   - those of all operations, see [Cache]
//
// After an error of the connection or of the context, the record may have been written or not, and
// Redis may still execute the write. After any other error it was not written.
//
// Set costs one command: SET with PX, or a script for a record with its own TTL or deadline, see
// [WithTTL] and [ttl.MaxAge].
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

// toWrite returns the encoded value and the record's own TTL, or 0, for a write with these options.
func (c *Cache[K, V]) toWrite(
	key string, value V, opts []SetOption,
) (b *buffer, own time.Duration, err error) {
	if own, err = ownTTL(opts); err != nil {
		return nil, 0, err
	}
	b, err = c.encodeLent(key, value)
	return b, own, err
}

// Add writes the record of key if there is none, by the rules of [Cache.Set]. If there is one, it
// returns [ErrExists]. If several callers add a key at the same time, one succeeds.
//
// Add costs one command, a script. If the reply is lost, the error is [ErrUnknownOutcome]; the
// other errors are those of Set.
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

// Update replaces the value of an existing record, or returns [ErrNotFound]. The other errors are
// those of [Cache.Set]. The record keeps its own TTL and deadline. Under Active, Update renews it.
// Under Fixed, it expires at the same time as without the Update. Update costs one command, a
// script.
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

// Touch renews a record without reading it, or returns [ErrNotFound]. Under Fixed it renews nothing
// and only checks that the record exists. Touch costs one command, a script.
func (c *Cache[K, V]) Touch(ctx context.Context, key K) error {
	return c.onKey(ctx, "Touch", key, func(key string) error { return c.store.Touch(ctx, key) })
}

// Delete removes the record of key. It is no error if there is none. Delete costs one command,
// UNLINK.
func (c *Cache[K, V]) Delete(ctx context.Context, key K) error {
	return c.onKey(ctx, "Delete", key, func(key string) error { return c.store.Delete(ctx, key) })
}

// Info describes a record in Redis. [Cache.Inspect] returns it.
type Info struct {
	// TTL is the TTL that an access gives the record: its own TTL, or the policy's. A Fixed cache
	// does not note a record's own TTL, so TTL is then the policy's. Remaining is right in any
	// case.
	TTL time.Duration

	// Remaining is how long the record lives if nobody uses it. It is -1 for a value that another
	// program wrote without a TTL. Under Active, the next access gives such a value a TTL.
	Remaining time.Duration

	// Idle is the time since the last access: TTL - Remaining. Under a ttl.Tolerance it is the time
	// since the last renewal, since accesses within the tolerance leave no trace. It is -1 if Redis
	// cannot tell. That is so under Fixed without Options.TrackAccess, and if the deadline cut the
	// last renewal short.
	Idle time.Duration

	// Deadline is when the record expires even if it is used, see ttl.MaxAge. It is zero if the
	// record has no deadline.
	Deadline time.Time

	// Size is the size of the encoded value in bytes.
	Size int
}

// String returns all fields in one line. It shows words for -1 and for a zero Deadline.
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

// Inspect describes the record of key, or returns [ErrNotFound]. It renews nothing and does not
// decode the value. Inspect costs one command, a script; with tracked accesses under Fixed, two
// scripts.
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
