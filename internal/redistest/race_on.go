//go:build race

package redistest

// Race reports whether the race detector looks on. It also finds what is not ours: go-redis 9.23
// measures the latency of a cluster's node while it still sets up its client (RouteByLatency).
const Race = true
