//go:build !race

package redistest

// Race reports whether this is a build with the race detector.
const Race = false
