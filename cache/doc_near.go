// # Answers from memory
//
// With [Options.Near], a process keeps decoded copies of records. They answer Get, Peek, GetMany,
// GetOrLoad and GetOrLoadMany without a command and without decoding (TestNearHit). Every other
// operation asks Redis. The promise:
//
// A read from memory returns what Get would have returned at some moment within Near.Staleness
// before the read began. Get would have asked the primary that the client uses. A process sees its
// own writes at once, if it makes them with the same client (TestNearSeesOwnWrites).
//
// The promise holds when connections break or swallow everything, when a process is stopped and
// resumed, and when a primary freezes, fails and is replaced. TestStaleness measures these faults.
// benchmarks/results/staleness.md has its table. The promise does not cover:
//
//   - writes that another primary acknowledges in a split brain. Get is as wrong there, and
//     min-replicas-to-write bounds both.
//   - an address behind which several servers take turns, such as that of a proxy
//   - SWAPDB, of which no server tells
//   - time in which the machine was suspended
//   - in a cluster, the time that its nodes need to learn of a moved slot
//
// # Answers from memory: how it works
//
// Each primary tells this process which keys are written, through CLIENT TRACKING in broadcast
// mode. One connection to each primary serves all caches of a client. Four times in a Staleness,
// the process proves that it still hears the server: a script publishes a number that must come
// back on that connection. Without a recent proof, reads ask Redis.
//
// A read that memory does not answer costs a script in place of a GET. The script also returns how
// long the record lives. So the first GetMany of many records takes longer than without copies.
// Callers that miss one record at the same time share its read.
//
// The absence of a record is remembered too. GetOrLoad accepts only a marker of LoadConfig.Absent
// as an absence (TestNearAbsence). A copy does not outlive its record, nor a refresh that is due.
// Under an Active policy with a tolerance, reading a copy renews its record by a command in the
// background (TestNearKeepsAlive).
//
// GetOrLoad asks in this order: a proven copy, Redis, the loader. If Redis does not answer and the
// loader fails, it returns a copy that is no older than Near.StaleOnOutage (TestNearStaleOnOutage).
// The other reads use this order without the loader. Any newer answer of Redis ends such a copy
// (TestNearAnswersEndOldCopies). Op.Rescued and Stats report these answers.
//
// Callers share the value of a copy, unless the codec is a [codec.Cloner] as Proto and Bytes are.
// They must not modify its maps, slices and pointers. In tests, cachetest.CheckShared finds callers
// that do.
//
// # Answers from memory: when not to use it
//
// Use it for a few caches whose records are read far more often than they are written. Do not use
// it for carts or counters. Each write of the cache costs the server a push to each client that has
// such caches. Each such cache also costs every write of the server a look at its prefix.
//
// Make these caches when the program starts. A new name makes its client connect again, and all
// copies are read again. A process whose goroutines use all of the CPU may not prove its copies in
// time. It then asks Redis.
//
// It needs RESP3, permissions (see SECURITY.md) and, in a cluster, Redis 7.0. It connects with the
// client's options. A DialHook of the client has no part in that.
//
// If the server refuses to track keys, as miniredis does, no copies are kept. The same holds if it
// cannot be reached for this within three seconds. Reads then cost what they cost without Near. The
// cache keeps trying. The Hook is told once, by an operation of the Kind "Near" (TestNearRefused,
// TestNearACL).
package cache
