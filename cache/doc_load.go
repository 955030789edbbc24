// # Read-through
//
// [Cache.GetOrLoad] returns the record from Redis, or else from the loader, a function of the
// caller. [Cache.GetOrLoadMany] does so for many keys, with one call of the loader for those that
// are missing. [Cache.Reload] always calls the loader. [LoadConfig] configures them. The sections
// below say what they promise, and name the tests that prove it.
//
// # Read-through: one load for each process
//
// Concurrent callers of a key share one load (TestOneLoad). It runs in its own goroutine. Its
// context has the values of the first caller's context, but not its deadline or cancellation
// (TestLoaderContext). Other callers get the same result. So a loader must not take a transaction,
// a tenant or a deadline of one request from its context.
//
// Each caller obeys its own context. The load goes on when all callers have left, and its record is
// stored (TestCallersLeave, TestDeadlinesBelowTheLoader). A load that has not begun yet ends with
// its last caller. It may wait for another process (TestWaitersForAnotherProcessLeave), or for one
// of the MaxLoads (TestMaxLoads).
//
// After LoadConfig.Timeout the callers get [ErrLoadTimeout]. A late result is dropped
// (TestLoadTimeout).
//
// Each caller gets a value that was decoded for it (TestCallersGetTheirOwnValue). A value that the
// codec cannot encode is returned and not stored, and its callers share it. With [Near], callers
// also share the values of copies, unless the codec is a [codec.Cloner]. A value that is larger
// than Options.MaxValueBytes is returned and not stored too (TestUnstorableValues).
//
// # Read-through: one load for all processes
//
// A process that loads a record puts a lease into the record's key. It renews the lease while the
// loader runs (TestLoadLongerThanItsLease). The other processes look again every 4 to 25 ms. They
// load in three cases:
//
//   - The lease expires because its process has died (TestLeaseOfADeadProcess).
//   - The lease is given back because the loader has failed (TestOtherProcessFails).
//   - A write removes the lease.
//
// With a negative LoadConfig.Lease, each process loads for itself (TestNegativeLease).
//
// # Read-through: no stale record is written back
//
// A loaded record is stored only if the lease of that load is still there. Every write removes or
// replaces a lease: Set, Add, Update, UpdateField, UpdateFields, Modify, Upsert, Touch, Delete,
// Clear and their batches. Suppose that a write is acknowledged, at any point of a load. A caller
// that asks after that never gets what was loaded before the write (TestNoStaleWriteBack,
// TestModelOfLoad). Write to the database first, and then to the cache.
//
// Callers that asked before the loader was called get what was loaded. The others read again
// (TestEarlyCallersKeepWhatIsLoaded).
//
// This holds for reads of the primary. It does not hold in four cases:
//
//   - Redis counts as out.
//   - A failover loses the write.
//   - Lease is negative.
//   - A refresh or a Reload meets a write of the same bytes; see Limits.
//
// If the Set or Delete fails, try it again. Until it succeeds, the old record stays for its TTL.
//
// Versions of this library before GetOrLoad do not remove leases. Deploy this version everywhere
// before you use GetOrLoad.
//
// # Read-through: absent records
//
// A loader says that there is no record by an error that is [ErrNotFound]. A batch loader leaves
// the key out. The callers get ErrNotFound. With LoadConfig.Absent, a marker in Redis remembers
// the absence (TestAbsentIsRemembered). All other operations see a miss (TestMarkerIsInvisible).
// Every write of the record removes the marker, and so does a Delete (TestWritesReplaceMarkers). A
// row that is inserted into the database and not into the cache stays hidden for Absent.
//
// # Read-through: refresh before the TTL ends
//
// With [ttl.Refresh], a record is due in the last part of its life. GetOrLoad then returns the old
// value at once. One process loads the new value in the background (TestRefresh). [WaitFresh] waits
// for it (TestWaitFresh). No reader gets a record after its TTL.
//
// A refresh is stored only if the same bytes with the same expiry are still there
// (TestWritesDuringARefresh). There is one hole: an Update that writes the same bytes again. If the
// loader fails, the old value stays until it expires, and the next attempt follows after a Lease
// (TestRefreshFails). If the loader finds no record, the old one is removed
// (TestRefreshFindsNothing).
//
// # Read-through: loaders that fail
//
// An error of the loader is returned to all callers that wait. The next call loads again. A panic
// becomes a [*PanicError] for all of them, with the stack. runtime.Goexit and a nil value become
// errors too. The lease is given back in each case (TestBadLoaders, TestLoaderReturnsNil).
//
// A loader may ask for other records. If it waits for itself, perhaps through other loaders of this
// process, the error is [ErrLoadCircle] (TestLoadersInACircle). The same holds for a Hook that asks
// for the record whose load it is told of (TestHookAsksForWhatIsLoaded). A circle across processes
// ends after LoadConfig.Timeout. Loads that a loader asks for do not count toward MaxLoads, so they
// cannot wait for each other's slots (TestMaxLoads, TestMaxLoadsBounds).
//
// Close ends all loads. The callers get [ErrClosed], the contexts of the loaders end, and nothing
// is stored (TestCloseDuringLoads, TestCloseInALoader).
//
// # Read-through: when Redis is down
//
// Redis is down if it cannot be reached, or does not answer within LoadConfig.Patience. The record
// is then loaded and not stored ([LoadAnyway]), with one load at a time for each key and process.
// The server counts as out for 200 ms at a time. Calls for its keys go straight to the loader, and
// one of them asks whether the server is back. Under [FailFast] they return [ErrUnavailable]
// instead. The Hook is told of an "Outage".
//
// A server that refuses writes (OOM, READONLY, MISCONF, NOREPLICAS, NOPERM) does not count as out.
// Hits go on, also where a read would renew. Misses are loaded and not stored. A caller's own
// deadline does not count either: if it comes before Patience, the call gets an error. So choose a
// Patience below your deadlines.
//
// # Read-through: bytes that cannot be decoded
//
// GetOrLoad treats such bytes as a miss. It replaces exactly these bytes with what it loads
// (TestUndecodableIsReplaced). One process does so, once in a Lease. So two versions of a program
// that cannot read each other's bytes both serve their callers. They do not replace each other's
// bytes at every read (TestTwoVersions).
//
// # Read-through: batches
//
// A batch calls its loader once for all missing keys and stores the results. Only then does it wait
// for keys that others load. So two batches never wait for each other (TestCrossingBatches,
// TestBatchAndSingle). [KeyErrors] are errors of single keys (TestBatchLoader).
package cache
