// Package peers measures the cache beside other caches for Go, each used as its
// own users would write it, on one redis-server, in turns. It is a module of its
// own, so that no competitor enters the go.mod of the library or of its other
// benchmarks. The results stand in benchmarks/README.md.
//
// A library is a side; the slices contenders, nearContenders and loadSides are the
// places where one is added.
package peers
