// Package compare measures codecs on a program's own records and says which one suits them:
//
//	report, err := compare.Run(ctx, []compare.Group{{
//		Name: "tweets",
//		Entries: []compare.Entry{
//			compare.Of("json", codec.JSON[Tweet]{}, tweets),
//			compare.Of("msgpack", codec.MsgPack[Tweet]{}, tweets),
//			compare.Of("proto", codec.Proto[*pb.Tweet]{}, messages),
//		},
//	}}, nil)
//	…
//	err = report.WriteTable(os.Stdout) // or WriteHTML, WriteJSON
//
// The codecs of a group work on the same records. Each may need another Go type for them, so [Of]
// hides the type. Your own codec is an entry like the others. The example is a whole program.
//
// # Use it in your module
//
// With a checkout of the repository beside your module, run
//
//	go work init . ../rediscache ../rediscache/benchmarks
//
// Then import this package in a test. The command writes go.work and leaves your go.mod alone. If
// you have a go.work already, use "go work use" with the same folders except the first.
//
// # What is measured
//
// First, each codec encodes and decodes every record. The result must equal the record: see [Of].
// Then, per record:
//
//   - size in bytes
//   - time and allocations of Encode alone, and of Decode alone
//   - Set and Get through a cache: p50 and p99 of single calls by one goroutine
//   - Set and Get through a cache: calls per second of [Parallel] goroutines
//   - memory in Redis, from MEMORY USAGE, if [Options.Client] is set
//
// The caches use ttl.Active, so each Get renews the TTL with GETEX.
//
// The codecs take turns in slices of 5 ms. A slow moment of the machine therefore slows all of
// them. Times, rates and allocations are medians of the rounds; a p99 is a percentile of the calls
// of all rounds. Compare the figures of one report, not of two.
//
// Allocations are those of the whole process, and the embedded server is part of it. So the report
// has them for Encode and Decode only.
//
// # Cost
//
// A group of three codecs takes about 3 s with the default of 40 rounds. During the run, the
// encoded records are in memory and on the server. Use hundreds or thousands of records, not
// millions.
package compare
