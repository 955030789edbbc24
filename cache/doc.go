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
// ignore what follows, so that later versions can add to it. A hash with a TTL and one field, t or
// n, is the lease of a load or the marker of a record that is absent.
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
// # Read-through
//
// [Cache.GetOrLoad] returns the record from wherever it is: from Redis, or else from the loader, a
// function of the caller. [Cache.GetOrLoadMany] does so for many keys, with one call of the loader.
// [Cache.Reload] loads whatever is there. [LoadConfig] configures them. The sections below say what
// they promise, and name the tests that prove it.
//
// # Once per process
//
// Concurrent callers of a key share one load (TestOneLoad). It runs in a goroutine of its own. Its
// context has the values of the first caller's context, and not its deadline or cancellation
// (TestLoaderContext). Other callers get the same result. So a loader must not take a transaction,
// a tenant or a deadline of one request from its context.
//
// Each caller obeys its own context. The load goes on when all callers have left, and its record is
// stored (TestCallersLeave, TestDeadlinesBelowTheLoader). A load that has not begun ends with its
// last caller: one that waits for another process (TestWaitersForAnotherProcessLeave), or for one
// of the MaxLoads (TestMaxLoads).
//
// After LoadConfig.Timeout the callers get [ErrLoadTimeout], and a late result is dropped
// (TestLoadTimeout).
//
// Each caller gets a value that was decoded for it (TestCallersGetTheirOwnValue). A value that the
// codec cannot encode is returned and not stored; only then the callers share it. A value that is
// larger than Options.MaxValueBytes is returned and not stored too (TestUnstorableValues).
//
// # Once per fleet
//
// A process that loads a record puts a lease into the record's key, and renews it while the loader
// runs (TestLoadLongerThanItsLease). The others look again every 4 to 25 ms. They load if the lease
// expires, since its process is dead (TestLeaseOfADeadProcess), or if it is given back, since the
// loader has failed (TestOtherProcessFails).
//
// With a negative LoadConfig.Lease, each process loads for itself (TestNegativeLease).
//
// # No stale write-back
//
// What was loaded is stored only if the lease of that load is still there. Every write removes or
// replaces a lease: Set, Add, Update, UpdateField, UpdateFields, Modify, Upsert, Touch, Delete,
// Clear and their batches. So a caller that asks after a write was acknowledged never gets what was
// loaded before it, at whatever point of the load the write came (TestNoStaleWriteBack,
// TestModelOfLoad). Write to the source first, and then to the cache.
//
// Those who asked before the loader was called get what was loaded. The others read again
// (TestEarlyCallersKeepWhatIsLoaded).
//
// This holds for reads of the primary. It does not hold while Redis counts as out, nor for a write
// that a failover loses, nor with a negative Lease.
//
// Versions of this library before GetOrLoad leave leases where they are. Deploy this version
// everywhere before you use GetOrLoad.
//
// # Known to be absent
//
// A loader says that there is no record by an error that is [ErrNotFound]; a batch loader says so
// by leaving the key out. The callers get ErrNotFound. With LoadConfig.Absent, a marker in Redis
// remembers that (TestAbsentIsRemembered). To all other operations it is a miss
// (TestMarkerIsInvisible). Every write of the record, and a Delete, ends it
// (TestWritesReplaceMarkers). A row that is inserted into the database and not into the cache stays
// hidden for Absent.
//
// # Fresh without waiting
//
// With [ttl.Refresh], the last part of a record's life is the time to load it again. Who reads it
// then by GetOrLoad gets the old value at once, and one process of all loads the new one in the
// background (TestRefresh). [WaitFresh] waits for it (TestWaitFresh). The TTL stays the limit: no
// reader gets a record beyond it.
//
// A refresh is stored only if the same bytes, with the same expiry, are still there
// (TestWritesDuringARefresh). The one hole: an Update that writes back the very bytes that were
// there. If the loader fails, the old value stays until it expires, and the next attempt comes a
// Lease later (TestRefreshFails). If there is no such record any more, it is removed
// (TestRefreshFindsNothing).
//
// # Loaders that misbehave
//
// A panic becomes a [*PanicError] for all who wait, with the stack. runtime.Goexit and a nil value
// become errors too. The lease is given back, and the next call loads (TestBadLoaders,
// TestLoaderReturnsNil).
//
// A loader may ask for other records. If it waits for itself, also by way of other loaders of this
// process, the error is [ErrLoadCircle] (TestLoadersInACircle). So it is for a Hook that is told of
// a load, and asks for its record (TestHookAsksForWhatIsLoaded). A circle across processes ends at
// LoadConfig.Timeout. Loads that a loader asks for do not count as MaxLoads, so that they cannot
// wait for each other's slots (TestMaxLoads, TestMaxLoadsBounds).
//
// Close ends all loads: the callers get [ErrClosed], the contexts of the loaders end, and nothing
// is stored (TestCloseDuringLoads, TestCloseInALoader).
//
// # When Redis is down
//
// If Redis cannot be reached, or does not answer within LoadConfig.Patience, the record is loaded
// and not stored ([LoadAnyway]). That happens once at a time for a key in a process. The server
// counts as out for 200 ms at a time. Calls for its keys go straight to the loader, and one of them
// asks whether it is back. With [FailFast] they return [ErrUnavailable] in place of that. The Hook
// is told of an "Outage".
//
// A server that refuses to write (OOM, READONLY, MISCONF, NOREPLICAS, NOPERM) does not count as
// out. Hits go on, also where a read would renew, and misses are loaded and not stored. A caller's
// own deadline does not count either, so choose a Patience below it.
//
// # Bytes that cannot be decoded
//
// GetOrLoad takes them for a miss. It replaces exactly these bytes by what it loads
// (TestUndecodableIsReplaced). One process does so, once in a Lease: two versions of a program that
// cannot read each other's bytes both serve their callers, and do not replace each other's bytes at
// every read (TestTwoVersions).
//
// # Batches
//
// A batch calls its loader once for all keys that are missing, stores what that returns, and only
// then waits for keys that others load. So two batches never wait for each other
// (TestCrossingBatches, TestBatchAndSingle). [KeyErrors] are errors of single keys
// (TestBatchLoader).
//
// # Answers from memory
//
// With [Options.Near], a process keeps decoded copies of records. They answer Get, Peek, GetMany,
// GetOrLoad and GetOrLoadMany, without a command and without decoding (TestNearHit). Everything
// else asks Redis. A read that memory does not answer costs a script in place of a GET, which also
// tells how long the record lives. The first GetMany of many records takes two to three times as
// long as without copies. Callers who miss one record at the same time share its read. The promise:
//
// A read from memory returns what Get would have returned, at some moment within Near.Staleness
// before the read began. Get would have asked the primary that the client uses. What a process
// writes by the same client is seen at once (TestNearSeesOwnWrites).
//
// The promise holds when connections break or swallow everything, when a process stands still, and
// when a primary freezes, fails and is replaced. A table of these faults stands in the README of
// benchmarks, made by TestStaleness there. Not covered are:
//
//   - writes that another primary acknowledges in a split brain, where Get is as wrong;
//     min-replicas-to-write bounds both
//   - an address behind which several servers take turns, such as that of a proxy
//   - SWAPDB, of which no server tells
//   - time in which the machine was suspended
//   - in a cluster, the time that its nodes need to learn of a moved slot
//
// How: each primary tells this process which keys are written (CLIENT TRACKING in broadcast mode),
// on one connection for all caches of a client. Four times in a Staleness, the process proves that
// it hears them: a script publishes a number that must come back on that connection. Without a
// proof that is recent enough, reads ask Redis.
//
// That there is no record is remembered too. To GetOrLoad only a marker of LoadConfig.Absent is an
// answer (TestNearAbsence). A copy does not outlive its record, nor a refresh that is due. Under an
// Active policy with a tolerance, a copy that is read has its record renewed, by a command in the
// background (TestNearKeepsAlive). GetOrLoad asks in this order: a proven copy, Redis, the loader,
// and then, while Redis does not answer, a copy that is no older than Near.StaleOnOutage
// (TestNearStaleOnOutage). The other reads ask in this order too, without the loader. What Redis
// has answered since ends such a copy (TestNearAnswersEndOldCopies). Op.Rescued and Stats tell of
// them.
//
// Callers share the value of a copy, unless the codec is a [codec.Cloner] as Proto and Bytes are.
// They must not modify what it refers to: its maps, slices and pointers. In tests,
// cachetest.CheckShared finds who does.
//
// It is for records that are read far more often than they are written. Each write of the cache
// costs the server a push to each client that has such caches. A busy server with 32 of them was
// seen to take 94 us more for a single SET. Each cache also costs every write of the server some 35
// ns. So use it for a few caches, and not for carts or counters. Make them when the program starts:
// a new name lets its client connect anew, and all copies are read again. A process whose
// goroutines leave no time to the canary bypasses its copies.
//
// It needs RESP3, and permissions (SECURITY.md). In a cluster it needs Redis 7.0. It connects by
// the client's options, so a DialHook of the client has no part in that. Where the server refuses,
// as miniredis does, or cannot be reached so for three seconds, no copies are kept, and reads cost
// what they cost without Near. The Hook is told once, by an operation of the Kind "Near"
// (TestNearRefused, TestNearACL).
//
// # Memory
//
// An idle cache takes a few kilobytes of the process. In use, it remembers what it has just learned
// about keys. Under a tolerance it remembers which of up to 65,536 records were renewed. Under a
// Fixed policy that tracks accesses it remembers which of up to 65,536 it has noted. Each such key
// takes about 100 bytes and its length. Copies take Near.MaxBytes, and what decoded values take
// more than encoded ones.
package cache
