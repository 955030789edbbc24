//go:build !race

package redistest

// Race reports whether the race detector looks on.
const Race = false
