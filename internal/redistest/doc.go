// Package redistest gives tests real redis-server processes, and a table of the kinds of Redis on
// which every test of the library that needs Redis runs:
//   - miniredis;
//   - a standalone server;
//   - a cluster of three primaries;
//   - with [EachTopology] or REDIS_TOPOLOGIES=all also a primary behind Sentinels, and a server
//     that requires TLS certificates and has an ACL.
//
// Use it like this:
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
// A test that breaks things starts its own servers: [Start], with any directive of redis.conf, such
// as --maxmemory or --appendonly; [StartCluster] with replicas; [StartSentinel]; [StartSecure].
// They can be killed, paused and restarted. A [Proxy] spoils what passes between a client and a
// server.
//
// Servers listen on 127.0.0.1 only, on free ports that the kernel chooses, and never on 6379. The
// package talks to no server that it did not start. If there is no redis-server, tests are skipped
// and say so; with REDIS_REQUIRED=1 they fail. REDIS_SERVER names another binary, such as a newer
// Redis or Valkey. Redis 6.2 is the oldest that is supported.
//
// [Main] stops the servers. If the test binary panics or is killed, the kernel stops them on Linux.
// On other systems they keep running.
package redistest
