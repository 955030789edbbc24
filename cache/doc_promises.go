// # What is promised
//
// Without [Near], the cache keeps nothing in the process that could be stale. It asks Redis each
// time. If Redis does not answer, GetOrLoad asks the loader, and all other operations return an
// error. Tests break real servers under load, and check three things:
//
//   - No read returns a value that was never written, belongs to another key, or is older than what
//     the same primary returned before.
//   - Deleted and expired records stay gone, and every key has a TTL.
//   - Everything succeeds again within a second after the server accepts writes, on a machine that
//     is not overloaded.
//
// Each line below names the tests that fail if its promise is broken.
//
// # What is promised: connections and servers that fail
//
//   - The server stands still, or the network swallows everything: an error at the deadline of the
//     context, context.DeadlineExceeded or a timeout of the connection (TestDeadline, TestPause,
//     TestWire).
//   - The same with 1000 callers, with and without AutoPipeline: each call returns at its deadline
//     and leaks nothing. Commands not yet sent are dropped (TestThousandCallers,
//     TestAutoPipelineWithoutAnswer).
//   - One server does not answer: a batch waits for it once, and not for each of its round trips
//     (TestBatchWaitsOnceForASilentServer, TestGetOrLoadManyWaitsOnceForASilentServer).
//   - One server of a cluster does not answer: batches and walks return what the others have. Other
//     servers are not delayed by notes of accesses for the silent one, and redirects lose no reply
//     (TestSilentServer, TestSilentShard, TestSlotMovesToASilentServer).
//   - Replicas lag or do not answer, and the client reads from them: walks, sweeps and Clear ask
//     primaries and see everything (TestReplicasDoNotDecide, TestPrimaries).
//   - The connection breaks or is slow, or the server restarts: go-redis connects and tries again.
//     If that fails, the error is go-redis' or the deadline's (TestWire, TestDropped,
//     TestRestartEmpty, TestRestartAOF).
//   - The connection breaks while Add, Modify, Upsert or UpdateField writes: [ErrUnknownOutcome].
//     The change is not made twice (TestModifyIsNotAppliedTwice).
//   - The primary dies, under Sentinel or in a cluster: the same, until a replica is promoted. What
//     the replica did not have yet is lost (TestSentinelFailover, TestClusterFailover).
//   - The primary freezes, and comes back when it has been replaced: the same. Writes that it takes
//     before it knows are lost too. A cluster's client may ask the frozen server for the layout. It
//     then learns of the new primary only after its ReadTimeout (TestPrimaryReturns).
//   - A slot of a cluster moves: no error. A read may miss a record while a Set gives that record
//     its own terms (TestSlotsMove, TestSetWhileSlotMoves).
//   - Redis forgets its scripts: no error (TestScriptFlush).
//
// # What is promised: servers that refuse
//
//   - No memory under noeviction, a full disk with AOF, a read-only replica, a missing permission:
//     Redis' OOM, MISCONF, READONLY or NOPERM. In a script NOPERM may read ERR. Under Active, Get
//     is a write and fails with READONLY, MISCONF and NOPERM too. Peek is a read (TestRefusals,
//     TestRefused, TestDiskFull, TestACL).
//   - Memory is full, and Redis evicts: a miss (TestEviction).
//   - Redis refuses the connection (password, certificate, database): an error of each operation
//     and of each key of a batch (TestRefusedConnection, TestNoSecretShows, TestTLS).
//   - A proxy sends replies that no Redis sends: an error that names the command
//     (TestUnexpectedReplies).
//   - The server refuses to track keys for Near: no copies, and the Hook is told once
//     (TestNearRefused, TestNearACL).
//
// # What is promised: data of others
//
//   - A key of the cache holds something else: [ErrDecode] or [ErrWrongType], and it stays
//     (TestForeignBytes, TestWalkOverOddities). Only GetOrLoad and Reload replace bytes that the
//     codec refuses.
//   - A record cannot be decoded, and is polled: it expires within its TTL
//     (TestUndecodableExpires).
//   - A later version has made a record's list longer: it is read, updated and kept
//     (TestListsThatGrow).
//   - Keys come from an attacker: they cannot touch other caches, bookkeeping or other keys
//     (TestHostileKeysReachNoNeighbour).
//   - Anything fails: no password and no value in errors, hooks and go-redis' log
//     (TestNoSecretShows, TestPasswordDoesNotShow).
//
// # What is promised: concurrency
//
//   - Writers meet in Modify: no change is lost (TestModifyLosesNoIncrement).
//   - A record is used while a sweep looks at it: it stays, except as Limits says (TestSweepHammer,
//     TestSweepLooksTwice).
//   - Many processes sweep one cache: one pass in each interval (TestFleet,
//     TestIntervalBeginsWithThePass).
//   - A tolerance: a record lives for at least TTL - tolerance after its last access
//     (TestToleranceGuarantee).
//   - Copies in memory: no answer is older than Near.Staleness, and own writes are seen at once
//     (TestStaleness, TestNearSeesOwnWrites, TestModelOfCopies).
//   - The cache is closed while it is used: Close waits for commands in flight, and nothing is
//     written afterwards. Shutdown stops waiting at its deadline. What the client has by then may
//     still be written (TestCloseInAFunctionOfTheCaller, TestShutdown).
//   - A callback of a background sweep panics: the pass ends, and the Hook is told the panic and
//     its stack (TestCallbacksThatDoNotReturn).
//
// # Limits
//
// Reads and writes:
//
//   - A Set or Update that ends in an error of the connection or of the context may still be
//     executed, even after a newer one. UpdateField and Modify never replace what they have not
//     read.
//   - Modify and Upsert decode and encode the whole value. Fields that your type does not have are
//     lost, except with protobuf. UpdateField keeps them.
//   - JSON and MsgPack read a number into an any as encoding/json and msgpack do. In JSON, an int64
//     above 2^53 loses digits.
//   - MaxValueBytes is checked after go-redis has read the reply.
//   - Under Fixed, Redis does not keep a record's own TTL. Inspect shows the policy's as TTL. Its
//     Remaining is right.
//   - Inspect does not know the idle time under Fixed without tracking. Nor does it know that of a
//     record whose MaxAge shortened its last renewal. It then says -1.
//   - A process remembers 4096 keys whose records it could not decode. With more such keys at once,
//     some are renewed once more.
//
// Loads:
//
//   - A row that is inserted into the database only stays hidden for LoadConfig.Absent.
//   - A refresh does not notice an Update that writes the same bytes again. Under Active without a
//     MaxAge, a Reload does not notice a Set of the same bytes.
//   - If Redis does not answer and the context has no deadline, GetOrLoad notices a cancellation
//     after LoadConfig.Patience at the latest.
//
// Walks and sweeps:
//
//   - All, Keys, Len and Clear look at every key of the database. They are for maintenance, not for
//     requests. They may miss what is written during the walk. A record may come twice while Redis
//     resizes its table.
//   - A Ring leaves out shards that it considers down. All, Keys, Len, Clear and Sweep do not see
//     the records there, and return no error.
//   - Under Active, a sweep uses the TTL of its own process. Records that another program or an
//     older deployment keeps with a shorter TTL look idle to it. Lengthen the TTL everywhere first.
//   - Under Fixed on a cluster, a sweep may remove a record that is read or updated at that moment.
//     A record that is Set stays. An access is noted there by its own command, which may come after
//     its reply. If the server that keeps the note does not answer, the access is not noted. The
//     process does not ask that server again for a window.
//   - The clock of a promoted replica may run ahead. Under Fixed, a sweep then computes idle times
//     that are too long.
//   - A server that refuses every write under noeviction refuses the sweep's lease too.
//
// Renewals:
//
//   - Every renewal is a write to Redis. It is replicated, goes to the AOF and ends the copies of
//     all processes. [ttl.Tolerance] makes renewals rare.
//   - With a tolerance, a renewal that a failover loses is made again after the tolerance, and not
//     by the next read.
//   - A process with a shorter TTL, or one that sweeps without the tolerance, removes records in
//     use. Deploy sweepers first when you add a tolerance.
//
// Clients:
//
//   - A hook of the Redis client must not call Close, nor a cache with AutoPipeline. It would wait
//     for itself.
//   - go-redis notices a cancellation between two round trips, and not within one. It obeys a
//     deadline only with ContextTimeoutEnabled, which [Config.Client] sets.
//   - With Sentinels and REDIS_READ_FROM replica or nearest, go-redis (NewFailoverClusterClient)
//     keeps a connection to a Sentinel after Close. Make one such client, and keep it.
//   - KeyDB 6.3.4 aborts on GETEX beside SCAN, also without this library (KeyDB issue 861).
package cache
