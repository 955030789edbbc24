// Package sweep describes when and how a cache removes records that nobody has used for a time, and
// what a pass did. It does not use Redis: the cache makes the passes, and a [Sweeper] decides when.
//
// Redis removes a record by itself when its TTL has run out, and most caches need no more. A sweep
// removes records earlier. Use one in these cases:
//
//   - Under ttl.Active, where the TTL is long for the records that come back. For example, the TTL
//     is a day, and a sweep removes what was not used for two hours.
//   - Under ttl.Fixed, where the TTL bounds the age of the data and says nothing about its use.
//
// For records that must expire even if they are used, use ttl.MaxAge and no sweep.
//
// # How to sweep
//
// A cache sweeps in the background with a Sweeper, which Close stops:
//
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, &cache.Options{
//		TTL:     ttl.Active(24 * time.Hour),
//		Sweeper: sweep.Periodic{Interval: 5 * time.Minute, MaxIdle: 2 * time.Hour},
//	})
//
// The method Sweep of a cache makes one pass now:
//
//	res, err := users.Sweep(ctx, time.Hour)
//
// # What a pass does
//
//   - Of all processes of a cache, one makes the pass. Another one takes over if that one dies. A
//     failed pass is reported to the Hook of the cache, and the next one comes an Interval later.
//   - A pass walks the database with SCAN, in pages. It looks twice at each idle record: one that
//     is used in between stays. The exception is a Fixed policy in a cluster, see
//     cache.Cache.Sweep.
//   - With a ttl.Tolerance, records are removed up to the tolerance later.
//   - In the background a pass takes pages of 16 keys and works a twentieth of its time. On demand
//     it takes pages of 512 keys and makes no pauses. [PageSize] and [Duty] change that.
//
// # How idle times are known
//
// Under Active a sweep needs no bookkeeping. The idle time of a record is its TTL minus what
// remains of it.
//
// Under Fixed the cache notes accesses in sorted sets below users!seen: for a cache named users.
// cache.Options.Sweeper or Options.TrackAccess turns that on.
//
//   - A process notes at most one access per key and window. A window is a twentieth of the TTL, a
//     minute at most.
//   - The note goes in the round trip of the access. In a cluster it is a separate command, and no
//     caller waits for it.
//   - An access is each operation that renews under Active (package ttl lists them), and each
//     write: Set, SetMany, Add and loads. Peek, Inspect and walks are none.
//   - A record is removed up to a window later than the idle time says.
//
// The documentation of cache.Cache.Sweep lists the commands of a pass and its errors. The README of
// benchmarks has the measured cost.
package sweep
