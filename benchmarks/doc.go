// Command benchmarks compares the codecs of the library on records such as services cache, and on
// yours:
//
//	go -C benchmarks run .                            user profiles, sessions, products, feeds
//	go -C benchmarks run . -data file.json            and the records of a file
//	go -C benchmarks run . -html report.html          the same as a page with charts
//
// It says which codec suits each, and why; -h prints the rest. Package compare does the work, and
// does it for a program's own types as well.
//
// The tests of this package measure something else: the cache beside what a good user of go-redis
// writes by hand, the same commands, the same codec, the same server, in turns. A comparison there
// is a measure.Case: its first side is the floor, the others are measured against it. The
// benchmarks and TestBounds run the same cases.
//
// The module is apart from the library's, so that what the library is compared with, and what draws
// the charts, never enters the library's go.mod. README.md has the results and the commands.
package main
