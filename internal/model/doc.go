// Package model plays random histories of operations on a fleet of caches of one name, against a
// reference that knows what each key may hold and when that dies.
//
// The members of a fleet differ in their options: Active, with a tolerance, with a MaxAge,
// auto-pipelined, with and without retries; Fixed in fleets of its own. Between their operations
// time passes, another program writes and deletes below the cache's name, and round trips are lost:
// the request, or a part of the reply. Some operations run at the same time.
//
// One fleet has Options.Near, which works on real servers only. Two members of it share a client
// and see each other's writes at once. Those of others they see within their Staleness.
//
// The reference holds for each key all that it may hold by now. An operation that failed may have
// been executed or not: both are kept. What an operation returned, and a look at the keys after
// each one, leave what agrees; when nothing does, the history fails. It is then cut down to the
// operations that matter.
//
// On miniredis, in a bubble of testing/synctest, times are exact to the millisecond. On a real
// server time passes by moving what Redis holds into the past, and a time is known to be between
// the two looks at the clock before and after an operation.
//
//	go test ./internal/model -model.seed 42      one history again
//	go test ./internal/model -model.for 10m      on each backend for so long
package model
