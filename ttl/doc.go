// Package ttl describes how long a cached record lives, and what an access does to that.
//
// There are two policies:
//
//   - [Active] is a sliding expiration. Every read and every update renews the record's TTL, so a
//     record lives as long as it is used.
//   - [Fixed] is an absolute expiration. A record expires when its TTL has passed since it was
//     written, even if it is read often.
//
// Options refine them:
//
//	ttl.Active(30*time.Minute)                              // expires 30 min after its last use
//	ttl.Active(30*time.Minute, ttl.MaxAge(24*time.Hour))    // and at most 24 h after its Set
//	ttl.Active(30*time.Minute, ttl.Tolerance(time.Minute))  // renewed at most once a minute
//	ttl.Fixed(30*time.Minute)                               // expires 30 min after it was written
//	ttl.Fixed(30*time.Minute, ttl.Refresh(5*time.Minute))   // loaded again in its last 5 min
//	ttl.Fixed(30*time.Minute, ttl.Jitter(0.1))              // at random after 27 to 30 min
//
// # Which policy for what
//
//	rows of a database                Fixed(time.Hour)
//	rows that many callers read       Fixed(time.Hour, Refresh(10*time.Minute))
//	a large batch, filled at once     Fixed(time.Hour, Jitter(0.1))
//	sessions, tokens                  Active(30*time.Minute, MaxAge(12*time.Hour))
//	carts, drafts                     Active(7*24*time.Hour)
//	records read many times a minute  Active(time.Hour, Tolerance(time.Minute))
//
// Choose Fixed for what a loader can load again. Under Active without a MaxAge, a row that is
// always in use is never loaded again. Choose Active for data that only Redis has.
//
// # What renews a record
//
// Under Active, these operations of a cache renew: Get, GetMany, GetOrLoad, GetOrLoadMany, Update,
// UpdateField, UpdateFields, Modify, Upsert and Touch. These do not: Peek, Inspect, All, Keys and
// Len. Nothing revives an expired record.
//
// A renewal is a write to Redis. Redis replicates it and writes it to the AOF. [Tolerance] makes
// renewals rare.
//
// # A record's own TTL
//
// The policy is cache.Options.TTL, and the default is Active(time.Hour). With cache.WithTTL a
// record gets its own TTL, which it keeps for its life:
//
//	users.Set(ctx, 43, bob, cache.WithTTL(5*time.Minute))
//
// Under Active each access renews that record by five minutes. Set, SetMany and Reload replace a
// record's TTL. So does GetOrLoad when it loads the record again, where cache.OwnTTL sets it.
//
// # Limits
//
// A [Policy] only describes. It holds no clock, no connection and no state, and is safe for
// concurrent use. The cache reads it once, when it is made, and Redis executes it.
//
// A TTL is at least [Min], a millisecond. Redis counts in whole milliseconds; a fraction is cut
// off. cache.New returns cache.ErrTTL for an invalid policy, and Set does so for an invalid
// WithTTL.
package ttl
