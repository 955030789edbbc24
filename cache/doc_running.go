// # Running it: the client
//
// The client of [FromEnv] fails fast. It waits 900 ms at most for a connection or a reply, tries
// once more, and obeys the deadline of a context. Without a deadline, a Get at a port that refuses
// connections fails in less than 100 ms, and one at a host that swallows packets in less than 3 s
// (TestFailsFast). With go-redis' defaults the latter takes up to 100 s. A cluster is found if a
// new connection and its answer, some five round trips, take less than 1.8 s. If some of the listed
// nodes are dead, the first operation may fail, and the next one finds it. See [Config.Client]. A
// client of your own should have these settings, which [Config.UniversalOptions] returns too:
//
//	&redis.Options{
//		ContextTimeoutEnabled: true, DialTimeout: 900 * time.Millisecond, DialerRetries: 1,
//		ReadTimeout: 900 * time.Millisecond, MaxRetries: 1,
//	}
//
// Give each call a context with a deadline, too: a cache is there to be faster than what stands
// behind it.
//
// # Running it: when Redis is down, slow, full or failed over
//
//   - Down: every operation returns the error of the connection, and says so at once or after the
//     timeouts above. GetOrLoad loads without Redis, or fails at once under [FailFast]; see "When
//     Redis is down".
//   - Slow: the deadline of the context ends the operation. GetOrLoad waits for
//     LoadConfig.Patience. Writes that were given up may still be executed.
//   - Full, and it evicts: records go earlier than their TTL says, and are misses. Use
//     allkeys-lru or volatile-lru. Under noeviction, writes fail with OOM; under Active a Get still
//     works, since GETEX needs no memory.
//   - Failed over: errors until a replica is promoted, then misses for what it did not have.
//     Under [Near], no answer from memory is older than Near.Staleness, but for copies that answer
//     while Redis does not, where Near.StaleOnOutage is set.
//   - Out of connections: go-redis waits for one for as long as its PoolTimeout. The error is of
//     the type "timeout". Raise PoolSize (REDIS_POOL_SIZE), or turn on Options.AutoPipeline.
//
// # Running it: what to watch
//
// [LogHook] logs what fails, and little of it while Redis is down. Package otelcache counts and
// times all of it, and has a dashboard. These are worth an alert:
//
//   - errors of the types "connection", "timeout" and "unavailable": Redis does not answer
//   - errors of the type "redis": it refuses, for want of memory, of a permission or of a disk
//   - any error of the types "decode" and "wrong_type": a deployment that cannot read another's
//     records, or another program on the same keys
//   - a hit ratio that falls, and loads that take longer or fail
//   - Stats.Near.ProofAge above Near.Staleness, or -1 (the metric near.lag is then absent): copies
//     are bypassed
//   - Stats.Sweep.Overdue above an interval: nobody sweeps
//
// # Running it: rolling deploys
//
// Old and new processes may differ, one thing at a time:
//
//   - The TTL: each process gives its own TTL to what it writes and, under Active, reads. Before a
//     longer TTL is everywhere, do not sweep by it.
//   - The policy: each reads the other's records. Under Fixed a record keeps the TTL that it has.
//   - The struct: a new field is its zero value in old records. Update, Modify and Upsert of an old
//     process lose fields that its struct does not have; UpdateField and UpdateFields keep them. A
//     field never changes its type under one name.
//   - The codec: [codec.Migrate] reads both and writes one. Deploy it everywhere first, and let it
//     write the new format after that.
//   - The type of the key, and the name: these make another cache.
//   - GetOrLoad, where older versions of this package run beside: have it everywhere before you
//     use it, since writes of old versions do not end its leases.
//
// # Running it: replicas
//
// A client that reads from replicas (ReadOnly, RouteByLatency, REDIS_READ_FROM) sends them plain
// reads only: a Peek, a Get under Fixed, and a Get under a [ttl.Tolerance] of a record that this
// process has renewed lately. Such a read is as old as the replica, also for what the same process
// has just written. Everything else asks the primary: a Get under Active, scripts, walks, sweeps,
// what Near keeps, and GetOrLoad before it calls a loader.
//
// # Running it: services and proxies
//
// It is tested on Redis 7.0 and 8.0, and on Valkey 8.1 and 9.1: standalone, behind Sentinels, as a
// cluster, with TLS and ACL. It needs GETEX (Redis 6.2), scripts (EVALSHA, with one key each) and,
// for Near, CLIENT TRACKING. It uses no functions, no modules, no transactions and no KEYS.
//
// Managed services were not tried: ElastiCache, MemoryDB, Azure, Memorystore, Upstash, Redis Cloud.
// Neither were proxies (Envoy, Twemproxy) and other servers (Dragonfly, Garnet). A proxy that does
// not know a command or refuses scripts shows in an error that names the command. KeyDB 6.3.4
// aborts on GETEX beside SCAN, without this package too.
package cache
