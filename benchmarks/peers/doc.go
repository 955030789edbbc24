// Package peers compares the cache with other caches for Go, on one redis-server, in turns. Each
// cache is used as its users would write it. The package is a separate module, so that no other
// cache enters the go.mod of the library or of its other benchmarks. The results are in
// benchmarks/results.
//
// A library is a side. To add one, extend the slices contenders, nearContenders and loadSides.
package peers
