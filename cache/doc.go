// Package cache keeps typed records in Redis.
//
// A [Cache] composes a codec, a TTL policy and a Redis client. The codec turns a value into bytes.
// The policy says how long a record lives, and whether an access renews it:
//
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, &cache.Options{
//		TTL: ttl.Fixed(time.Hour),
//	})
//	user, err := users.GetOrLoad(ctx, 42, db.User) // from Redis, or else from the database
//
// Under [ttl.Fixed], a record expires its TTL after it was written. Under [ttl.Active], the
// default, every read and every update renews the TTL in the same command. A record then lives as
// long as it is used.
//
// A Cache is safe for concurrent use. Make one for each kind of record when the program starts. At
// the end, first let your server drain its requests. Then close the caches with Close or Shutdown,
// and last the client, which a cache never closes.
//
// This documentation has these parts: keys, data and errors (below), operations and their cost,
// read-through, answers from memory, what is promised, limits, and running it.
//
// # Keys
//
// A key is a string, an integer, a named type of these, or a type with MarshalText and
// UnmarshalText, such as uuid.UUID and netip.Addr. Its text has 1 to 1024 bytes. Any bytes are
// allowed: untrusted keys cannot touch other caches or other keys.
//
// # Data in Redis
//
// A cache named users owns the keys users:<key>, and its bookkeeping below users!. With
// Options.Namespace "shop/prod/", both begin with it: shop/prod/users:<key>. The cache leaves no
// key without a TTL.
//
//   - A record under the cache's policy is a Redis string. It holds the codec's bytes and nothing
//     else, so redis-cli and other languages can read and write it.
//   - A record with its own terms is a list: [WithTTL] under Active, [ttl.MaxAge], and, under Fixed
//     with a [ttl.Refresh], a WithTTL that is shorter than the policy's TTL. The list begins with
//     the value, the TTL in milliseconds, and the deadline in Unix milliseconds or 0. Readers
//     ignore further elements, so that later versions can add some.
//   - A hash with a TTL and one field, t or n, is the lease of a load or the marker of an absent
//     record. Reads see a miss. Every write removes it.
//   - Below users! are the leases of sweeps and refreshes (users!load:<key>), and the index of a
//     Fixed cache that tracks accesses (users!seen:<n>, users!longest).
//
// Set and Delete replace or remove whatever their key holds. GetOrLoad and Reload replace bytes
// that the codec refuses. Every other operation leaves alone what is not a record of the cache.
// Another program that writes records must give them a TTL. Under Active, the first access gives a
// TTL to a record that has none. Under Fixed nothing does.
//
// # Errors
//
// Every error of an operation is an [*Error] that names the operation, the cache and the key. Use
// errors.Is to decide:
//
//   - [ErrNotFound]: a miss. Nothing else is one.
//   - [ErrExists]: Add found a record.
//   - [ErrDecode], [ErrEncode]: the codec refuses the bytes, or the value. The bytes stay in Redis.
//     Only GetOrLoad and Reload replace them.
//   - [ErrConflict]: UpdateField, UpdateFields, Modify or Upsert lost to other writers 64 times.
//   - [ErrUnknownOutcome]: a write of these, or of Add, had no reply. It is not sent again.
//   - [ErrUnknownField], [ErrFieldValue]: there is no such field, or it does not take the value.
//   - [ErrNilValue], [ErrTooLarge]: a nil pointer, or more than Options.MaxValueBytes.
//   - [ErrKey], [ErrTTL]: a key without text or with more than 1024 bytes; an invalid TTL.
//   - [ErrLoadTimeout], [ErrLoadCircle], [*PanicError]: a loader did not return in time, waits for
//     itself, or has panicked.
//   - [ErrUnavailable]: GetOrLoad under [FailFast], while Redis does not answer.
//   - [ErrWrongType]: the key holds something that is not a record. It stays.
//   - [ErrMaxIdle], [ErrNotTracked], sweep.ErrBusy, sweep.ErrLost: see Sweep.
//   - [ErrClosed]: the cache is closed.
//
// Any other error is from go-redis or the context, wrapped. A batch returns what worked, and one
// error for the rest: "rediscache: GetMany users: 60 keys: i/o timeout". errors.Is looks into it,
// and its method Unwrap() []error returns an *Error for each key.
//
// No error holds a value or a password. Under Options.RedactKeys, an error holds a fingerprint in
// place of the key. A [Hook] gets no keys. The text of an error of your own function is the
// exception: it is kept, and only copies of the key in it are replaced, with or without quotes.
// Keys of less than 6 bytes are replaced in quotes only, and keys in another encoding not at all.
package cache
