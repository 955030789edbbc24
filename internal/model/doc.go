// Package model plays random histories of operations on a fleet of caches of one name. It compares
// them with a reference that knows what each key may hold and when that expires.
//
// The members of a fleet differ in their options: Active, with a tolerance, with a MaxAge,
// auto-pipelined, with and without retries. Fixed has its own fleets. Between operations time
// passes, and another program writes and deletes below the cache's name. Some round trips lose the
// request or a part of the reply. Some operations run at the same time.
//
// One fleet has Options.Near, which works on real servers only. Two of its members share a client
// and see each other's writes at once. They see the writes of others within their Staleness.
//
// The reference has, for each key, all states that the key may be in. An operation that failed may
// have been executed or not, so both results are kept. After each operation, the states that do not
// agree with what it returned and with the keys in Redis are removed. If no state of a key is left,
// the history fails. It is then reduced to the operations that matter.
//
// On miniredis, in a bubble of testing/synctest, times are exact to the millisecond. On a real
// server, time passes by moving the data in Redis into the past. When an operation was executed is
// known only to be between the times before and after it.
//
//	go test ./internal/model -model.seed 42      plays one history again
//	go test ./internal/model -model.for 10m      plays each fleet for 10 minutes
package model
