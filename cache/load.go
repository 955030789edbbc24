package cache

import (
	"context"
	"errors"
	"time"

	"github.com/activettl/rediscache/internal/store"
)

// GetOrLoad returns the record of key as Get does. If there is none, it calls the loader, stores
// what that returns under the policy, and returns it. However many callers ask for a record at the
// same time, in this process and in others, one loader runs. The package documentation says what is
// promised when callers give up, loaders fail, records are written meanwhile, or Redis does not
// answer.
//
// The loader gets the key and a context: the values of the first caller's, without its deadline and
// cancellation, under LoadConfig.Timeout. Other callers may get what it returns, so it must not
// read a transaction or a tenant from the context. If it returns an error that is [ErrNotFound],
// the record is absent, which LoadConfig.Absent remembers. Any other error goes to all who wait. A
// panic becomes a [*PanicError]. [OwnTTL] gives the record a TTL of its own.
//
// Each caller has a value that was decoded for it alone, unless Options.Near has copies. What the
// codec cannot encode, or what is larger than Options.MaxValueBytes, is returned to all who wait
// and not stored; the Hook is told.
//
// A hit costs what Get costs, a miss three commands in three round trips: GET, claim, fill. While
// another process loads the record, it costs a GET, a claim, and a look every 4 to 25 ms. A record
// that is known to be absent costs two commands, or one if this process knows that already. Under
// [ttl.Refresh] a record costs a script in place of a GET if this process does not know that it is
// not due. A refresh costs two scripts in the background, and a third where records are due again
// within a Lease.
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

// getOrLoad is the part of GetOrLoad behind a hit.
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

// GetOrLoadMany returns the records of keys as GetMany does. It gives the keys of those that are
// not there to the loader, all at once, stores what that returns, and returns it too. A key that
// the loader's map lacks is absent, and absent from the map that is returned. Keys that come twice
// count once.
//
// The loader may return an error for single keys, as [KeyErrors]. Any other error is that of all
// keys that its map lacks. What the map has is stored and returned either way. Keys that the loader
// was not asked for are ignored. All else is as under [Cache.GetOrLoad]. GetOrLoadMany returns what
// it has, and one joined error with an [*Error] for each key that failed.
//
// It costs what GetMany costs for the records that are there. For the others it costs two more
// commands each, in two more round trips to each server per 100 keys.
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

// unique returns keys without those that come twice.
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

// Reload calls the loader, whatever is there, stores what that returns, and returns it. It joins no
// other load. A write of the record meanwhile wins, also over a load that began before: then what
// was loaded is returned and not stored. If the loader returns [ErrNotFound], the record is
// removed. If the loader fails, the record stays.
//
// A refresh or another Reload that overlaps counts as a write too: what it has loaded may stay.
//
// Under an Active policy without a MaxAge, a Set of equal bytes meanwhile cannot be told from a
// read, and does not win.
//
// It costs two commands, both scripts.
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
