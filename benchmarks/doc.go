// Package benchmarks measures the cache beside what a good user of go-redis
// writes by hand: the same commands, the same codec, the same server, in turns.
// It is a module of its own, so that what the library is compared with never
// enters the library's go.mod. README.md has the results and the commands.
//
// A comparison is a measure.Case: its first side is the floor, the others are
// measured against it. The benchmarks and TestBounds run the same cases.
package benchmarks
