// Command benchmarks compares the codecs of the library on typical records of services, and on your
// records:
//
//	go -C benchmarks run .                            user profiles, sessions, products, feeds
//	go -C benchmarks run . -data file.json            and the records of a file
//	go -C benchmarks run . -html report.html          the same as a page with charts
//
// It recommends a codec for each kind of record and says why. -h prints all flags. Package compare
// does the work; use it to measure your own Go types.
//
// The tests of this package measure the cache against go-redis used well by hand. Both sides send
// the same commands, with the same codec, to the same server, and take turns. A comparison is a
// measure.Case: its first side is the baseline of the others. The benchmarks and TestBounds run the
// same cases.
//
// This is a separate module. So its dependencies, such as the chart library, stay out of the
// library's go.mod. README.md has the commands and a summary; the folder results has all tables.
package main
