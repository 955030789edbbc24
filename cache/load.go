package cache

import (
	"context"
	"errors"
	"time"

	"github.com/activettl/rediscache/internal/store"
)

// GetOrLoad returns the record of key as [Cache.Get] does. On a miss it calls the loader, stores
// the result under the policy and returns it. A record that cannot be decoded is a miss too. If
// many callers ask for a record at the same time, in this process and in others, one loader runs.
// The package documentation says what happens if callers leave, loaders fail, another write comes
// during the load, or Redis does not answer.
//
// The loader gets the key and a context. The context has the values of the first caller's context,
// but not its deadline or cancellation; it ends after LoadConfig.Timeout. Other callers may get the
// same result. So the loader must not take a transaction or a tenant from the context. [OwnTTL]
// gives the record its own TTL. The errors are:
//
//   - [ErrNotFound]: the loader returned an error that is ErrNotFound, so the record is absent.
//     LoadConfig.Absent remembers this.
//   - any other error of the loader: all callers that wait for it get the error
//   - a [*PanicError]: the loader panicked
//   - [ErrNilValue]: the loader returned a nil pointer or a nil interface
//   - [ErrLoadTimeout], [ErrLoadCircle], and [ErrUnavailable] under [FailFast]
//   - those of all operations, see [Cache]
//
// Each caller gets a value that was decoded for that caller alone, unless a copy of Options.Near
// answers. If the codec cannot encode the value, or it is larger than Options.MaxValueBytes, all
// callers that wait get it, and it is not stored. The Hook is told.
//
// The costs are:
//
//   - A hit costs what Get costs. Under a [ttl.Refresh], it costs a script in place of a GET unless
//     this process knows that the record is not due.
//   - A miss costs three commands in three round trips: that of Get, a claim and a fill. The last
//     two are scripts.
//   - While another process loads the record, a miss costs the first two, and one look every 4 to
//     25 ms.
//   - A record that is known to be absent costs two commands, or one if this process knows it
//     already.
//   - A refresh costs two scripts in the background, and a third one if records are due again
//     within a Lease.
func (c *Cache[K, V]) GetOrLoad(
	ctx context.Context, key K, loader func(context.Context, K) (V, error), opts ...LoadOption,
) (v V, err error) {
	const op = "GetOrLoad"
	if c.near != nil && loader != nil {
		if e := c.rememberedForLoad(ctx, key); e != nil {
			return c.answer(ctx, op, key, e)
		}
	}
	ctx, run := c.begin(ctx, op, 1)
	defer run.ensureEnd(ctx)
	full, err := c.loadKey(ctx, op, key, loader == nil)
	if err != nil {
		return v, run.end(ctx, err)
	}
	if c.keeps() {
		e, found := c.findNear(ctx, key, full)
		if e != nil {
			v, err = c.valueOf(e)
			return v, run.end(ctx, err)
		}
		return c.getOrLoad(ctx, &run, key, full, found, loader, opts)
	}
	found := c.loads.Find(ctx, full, false)
	if found.Err == nil && !found.Due {
		if v, err = c.received(full, store.Reply{Value: found.Value}); err == nil {
			c.renewReadable(ctx, full)
			return v, run.end(ctx, nil)
		}
	}
	return c.getOrLoad(ctx, &run, key, full, found, loader, opts)
}

// getOrLoad is the part of GetOrLoad after a miss, or for a record that is due.
func (c *Cache[K, V]) getOrLoad(
	ctx context.Context, run *operation, key K, full string, found store.Found,
	loader func(context.Context, K) (V, error), opts []LoadOption,
) (V, error) {
	through := c.newThrough([]K{key}, []string{full}, one(loader), opts)
	through.found[0] = found
	through.run(ctx, []int{0})
	err := through.errs[0]
	if err != nil {
		err = c.fail("GetOrLoad", c.text(full), err)
	}
	return through.values[0], through.end(ctx, run, err)
}

// loadKey is key for an operation with a loader.
func (c *Cache[K, V]) loadKey(
	ctx context.Context, op string, k K, noLoader bool,
) (full string, err error) {
	full, err = c.key(ctx, op, k)
	if err == nil && noLoader {
		err = c.fail(op, c.text(full), errNoLoader)
	}
	return full, err
}

var errNoLoader = errors.New("the loader is nil")

// GetOrLoadMany returns the records of keys as [Cache.GetMany] does. It calls the loader with the
// keys of all missing records at once. It stores what the loader returns, and returns it too. If
// the map of the loader lacks a key, that record is absent, and the returned map lacks it too. A
// duplicate key counts once. Everything else is as under [Cache.GetOrLoad].
//
// The loader may return [KeyErrors], the errors of single keys. Any other error counts for all keys
// that the loader's map lacks. The values in the map are stored and returned in any case. Keys that
// the loader was not asked for are ignored.
//
// If some keys fail, GetOrLoadMany returns the other records and one error. The error holds an
// [*Error] for each key that failed.
//
// It costs what GetMany costs for the records that are there. Each missing record costs two more
// commands, in two more round trips to each server per 100 keys.
func (c *Cache[K, V]) GetOrLoadMany(
	ctx context.Context, keys []K, loader func(context.Context, []K) (map[K]V, error),
	opts ...LoadOption,
) (map[K]V, error) {
	const op = "GetOrLoadMany"
	ctx, run := c.begin(ctx, op, len(keys))
	defer run.ensureEnd(ctx)
	values := make(map[K]V, len(keys))
	err := c.ready(ctx)
	if err == nil && loader == nil {
		err = errNoLoader
	}
	if err != nil {
		run.keys = len(unique(keys))
		return values, run.endMany(ctx, 0, 0, c.fail(op, "", err))
	}
	good, full, errs := c.redisKeys(op, unique(keys))
	through := c.newThrough(good, full, loader, opts)
	pending := make([]int, len(good))
	for i := range pending {
		pending[i] = i
	}
	if c.keeps() {
		pending = through.findNear(ctx)
	} else {
		copy(through.found, c.loads.FindMany(ctx, full, nil))
	}
	through.run(ctx, pending)
	for i, err := range through.errs {
		switch {
		case err == nil:
			values[good[i]] = through.values[i]
		case !errors.Is(err, ErrNotFound):
			errs = append(errs, c.fail(op, c.text(full[i]), err))
		}
	}
	return values, through.end(ctx, &run, c.joined(op, errs))
}

// unique returns keys without duplicates.
func unique[K comparable](keys []K) []K {
	if len(keys) < 2 {
		return keys
	}
	seen := make(map[K]struct{}, len(keys))
	all := make([]K, 0, len(keys))
	for _, k := range keys {
		if _, ok := seen[k]; !ok {
			seen[k] = struct{}{}
			all = append(all, k)
		}
	}
	return all
}

// Reload calls the loader even if there is a record, stores the result and returns it. It never
// shares the load of another call. If the loader returns [ErrNotFound], Reload removes the record.
// If the loader fails, the record stays. The errors are those of [Cache.GetOrLoad].
//
// A write of the record during the load wins, even over a load that began before it. Reload then
// returns what it loaded, and does not store it. A refresh or another Reload at the same time
// counts as a write too: the record that it loaded may stay. Under an Active policy without a
// MaxAge, a Set of the same bytes looks like a read, and does not win.
//
// Reload costs two commands, both scripts.
func (c *Cache[K, V]) Reload(
	ctx context.Context, key K, loader func(context.Context, K) (V, error),
) (v V, err error) {
	const op = "Reload"
	ctx, run := c.begin(ctx, op, 1)
	defer run.ensureEnd(ctx)
	full, err := c.loadKey(ctx, op, key, loader == nil)
	if err != nil {
		return v, run.end(ctx, err)
	}
	through := c.newThrough([]K{key}, []string{full}, one(loader), nil)
	begun := time.Now()
	out := c.loads.Reload(ctx, full, through.load)
	through.stats.Waited = time.Since(begun)
	through.take(ctx, 0, out)
	if err = through.errs[0]; err != nil {
		err = c.fail(op, c.text(full), err)
	}
	return through.values[0], through.end(ctx, &run, err)
}
