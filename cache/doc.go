// Package cache keeps typed records in Redis.
//
// A [Cache] composes a codec (how a value becomes bytes), a TTL policy (how long
// a record lives and what an access does to that) and a Redis client:
//
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, &cache.Options{
//		TTL: ttl.Active(30 * time.Minute),
//	})
//
// Under [ttl.Active], the default, a record lives as long as it is used: every
// read and every update gives it its whole TTL again, in the same command. Under
// [ttl.Fixed] it expires on time, however often it is read.
//
// # Data
//
// A cache named users owns the keys users:<key> and its bookkeeping below users!. With
// Options.Namespace "shop/prod/", both stand behind it: shop/prod/users:<key>. A record under the
// cache's policy is a plain Redis string and nothing but the codec's bytes, so that redis-cli and
// other languages can read and write it. A record with terms of its own ([WithTTL], [ttl.MaxAge])
// is a list that begins with [value, TTL in milliseconds, deadline in Unix milliseconds]. Readers
// ignore what follows, so that later versions can add to it.
//
// Set and Delete replace or remove whatever stands under their key. Every other operation leaves
// alone what is not a record of the cache.
//
// # Errors
//
// Every error of an operation is an [*Error] that names the operation, the cache and the key. The
// error of a batch holds one for each key. A miss is [ErrNotFound] and nothing else. No error holds
// a value or a password, and no error holds a key under Options.RedactKeys. A Hook sees no key.
//
// A deadline of the context bounds an operation only if the client was made with
// ContextTimeoutEnabled, as [Config.Client] does. Otherwise go-redis ignores it. A cancellation is
// seen between two round trips, not within one.
//
// # Memory
//
// An idle cache takes a few kilobytes of the process. In use, it remembers what it has just learned
// about keys. Under a tolerance it remembers which of up to 65,536 records were renewed. Under a
// Fixed policy that tracks accesses it remembers which of up to 65,536 it has noted. Each such key
// takes about 100 bytes and its length.
package cache
