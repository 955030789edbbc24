// # Running it: the client
//
// The client of [FromEnv] fails fast. It waits at most 900 ms for a connection or a reply, tries
// once more, and obeys the deadline of a context. Without a deadline, a Get fails in less than
// 100 ms at a port that refuses connections. At a host that swallows packets it fails in less than
// 3 s (TestFailsFast). With the defaults of go-redis, the latter takes up to 100 s.
//
// A cluster is found if a new connection and its answer, about five round trips, take less than
// 1.8 s. If some of the listed nodes are dead, the first operation may fail, and the next one finds
// the cluster. That first operation may take 3 s, even if its deadline is shorter. See
// [Config.Client].
//
// Use these settings for your own client of one server too. [Config.UniversalOptions] has those for
// clusters, such as MaxRetries: -1 and MaxRedirects: 2:
//
//	&redis.Options{
//		ContextTimeoutEnabled: true, DialTimeout: 900 * time.Millisecond, DialerRetries: 1,
//		ReadTimeout: 900 * time.Millisecond, PoolTimeout: 900 * time.Millisecond,
//		MaxRetries: 1, PipelinePoolSize: -1,
//	}
//
// Give each call a context with a deadline as well. go-redis writes some failures of connections to
// its own log on stderr. Its function logging.Disable, in package logging, turns that off.
//
// # Running it: when Redis is down, slow, full or failed over
//
//   - Down: every operation returns the error of the connection, at once or after the timeouts
//     above. GetOrLoad loads without Redis, or fails at once under [FailFast].
//   - Slow: the deadline of the context ends the operation. GetOrLoad waits for
//     LoadConfig.Patience. A write whose caller has given up may still be executed.
//   - Full, with eviction: records disappear before their TTL ends, and are misses. Use
//     allkeys-lru or volatile-lru. Under noeviction, writes fail with OOM. Under Active a Get still
//     works, since GETEX needs no memory.
//   - Failed over: errors until a replica is promoted, then misses for what it did not have. With
//     [Near], no answer from memory is older than Near.Staleness. The exception is
//     Near.StaleOnOutage, while Redis does not answer.
//   - Out of connections: go-redis waits for a connection for as long as its PoolTimeout. The error
//     has the type "timeout". Raise PoolSize (REDIS_POOL_SIZE), or turn on Options.AutoPipeline.
//
// # Running it: what to watch
//
// [LogHook] logs failures, and few lines while Redis is down. Package otelcache has metrics, spans
// and a dashboard. These are worth an alert:
//
//   - errors of the types "connection", "timeout" and "unavailable": Redis does not answer
//   - errors of the type "redis": it refuses, and lacks memory, a permission or disk space
//   - any error of the types "decode" and "wrong_type": a deployment that cannot read another's
//     records, or another program that uses the same keys
//   - a hit ratio that falls, and loads that take longer or fail
//   - Stats.Near.ProofAge above Near.Staleness, or -1: copies are bypassed. The metric near.lag is
//     absent where it is -1.
//   - Stats.Sweep.Overdue above an interval: no process sweeps
//
// # Running it: rolling deploys
//
// Old and new processes may differ, one thing at a time:
//
//   - The TTL: each process gives its own TTL to records that it writes and, under Active, reads.
//     Do not sweep with a longer TTL before it is deployed everywhere.
//   - The policy: each process reads the other's records. Under Fixed a record keeps its TTL.
//   - The struct: a new field has its zero value in old records. Update, Modify and Upsert of an
//     old process lose fields that its struct does not have. UpdateField and UpdateFields keep
//     them. Never change the type of a field under the same name.
//   - The codec: [codec.Migrate] reads both formats and writes one. Deploy it everywhere first.
//     Then let it write the new format.
//   - The type of the key, or the name: a change makes another cache.
//   - GetOrLoad beside versions of this package that do not have it: deploy it everywhere before
//     you use it. Writes of old versions do not end its leases.
//
// # Running it: replicas
//
// A client that reads from replicas (ReadOnly, RouteByLatency, REDIS_READ_FROM) sends them plain
// reads only:
//
//   - a Peek
//   - a read under Fixed: Get, GetMany, and a GetOrLoad or GetOrLoadMany that finds the record
//   - the same reads under a [ttl.Tolerance], of a record that this process has renewed lately
//
// Such a read is as old as the replica, also for what the same process has just written. Everything
// else asks the primary: a Get under Active, scripts, walks, sweeps, what Near keeps, and GetOrLoad
// before it calls a loader.
//
// # Running it: services and proxies
//
// It is tested on Redis 7.0 and 8.0, and on Valkey 8.1 and 9.1: standalone, behind Sentinels, as a
// cluster, with TLS and ACL. It needs GETEX (Redis 6.2), scripts (EVALSHA, with one key each) and,
// for Near, CLIENT TRACKING. It uses no functions, no modules, no transactions and no KEYS.
//
// Managed services were not tried: ElastiCache, MemoryDB, Azure, Memorystore, Upstash, Redis Cloud.
// Neither were proxies (Envoy, Twemproxy) and other servers (Dragonfly, Garnet). A proxy that does
// not know a command or refuses scripts shows in an error that names the command.
package cache
