//go:build race

package redistest

// Race reports whether this is a build with the race detector. It also finds races of go-redis:
// version 9.23 measures the latency of a cluster's node while it still sets up its client
// (RouteByLatency).
const Race = true
