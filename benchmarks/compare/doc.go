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
//	err = report.WriteTable(os.Stdout) // and WriteHTML, WriteJSON
//
// The codecs of a group stand side by side on the same records, each with the Go type that it works
// on: [Of] takes the type away. A codec of your own is an entry like the others. See the example
// for a whole program.
//
// # What is measured
//
// First each codec encodes and decodes every record, and what comes back must be equal to what went
// in; see [Of]. Then, per record:
//
//   - its size in bytes
//   - time and allocations of Encode and of Decode alone
//   - through a cache, the p50 and p99 of single calls of Set and Get by one goroutine
//   - the calls per second of [Parallel] goroutines
//   - on a real server, the memory that it takes there, by MEMORY USAGE
//
// The caches have the policy ttl.Active, so a Get renews: GETEX.
//
// The codecs take turns in slices of 5 ms, and figures are medians over the rounds (the p50 and
// p99: percentiles of the calls of all rounds), so what slows the machine for a while slows all of
// them. Compare within a report and not across reports. Allocations are those of the whole process:
// on the embedded server, the server's are among them, which is why they are given for Encode and
// Decode only.
//
// # Cost
//
// A group of three codecs takes some 3 s with the default of 40 rounds. All records are encoded,
// kept in memory in that form and written to the server for the time of the run: give a sample of
// some hundred or thousand, not a million.
package compare
