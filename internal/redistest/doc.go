// Package redistest gives tests real redis-server processes, and the one table over which every
// Redis-dependent test of the library runs: miniredis, a standalone server and a cluster of three
// primaries; by [EachTopology] or with REDIS_TOPOLOGIES=all also a primary behind Sentinels, and a
// server that wants TLS certificates and has an ACL.
//
//	func TestMain(m *testing.M) { redistest.Main(m) }
//
//	func TestGet(t *testing.T) {
//		redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
//			users, err := cache.New[int64](b.Client, b.Name(), codec.JSON[User]{}, nil)
//			…
//			b.Advance(time.Minute)
//		})
//	}
//
// A test that breaks things starts servers of its own: [Start], with any directive of redis.conf,
// such as --maxmemory or --appendonly; [StartCluster] with replicas; [StartSentinel];
// [StartSecure]. They can be killed, paused and restarted, and a [Proxy] spoils what passes between
// a client and one of them.
//
// Servers listen on 127.0.0.1 only, on ports that the kernel hands out, and never on 6379; the
// package talks to no server that it did not start. A missing redis-server is a skip that says so,
// and a failure if REDIS_REQUIRED=1. REDIS_SERVER names another binary, such as a newer Redis or
// Valkey; Redis 6.2 is the oldest that is meant to work.
//
// [Main] stops the servers. If the test binary panics or is killed, the kernel stops them on Linux;
// elsewhere they stay.
package redistest
