// Package ttl describes how long a cached record lives and what an access does
// to that.
//
// A [Policy] only describes: it holds no clock, no connection and no state, and
// is safe for concurrent use. The cache reads it once, when it is made, and
// Redis executes it.
//
//   - [Active] is a sliding expiration: every read and every update renews the record's TTL, so a
//     record lives as long as it is used.
//   - [Fixed] is an absolute expiration: a record expires its TTL after it was written, however
//     often it is read.
//
// Redis counts in whole milliseconds; a fraction of one is cut off.
package ttl
