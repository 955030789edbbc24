// Package sweep says when and how a cache removes the records that nobody has
// used for a time, and what came of it. It knows nothing of Redis: the cache
// makes the passes, a [Sweeper] decides when.
//
// Redis removes a record by itself when its TTL has run out. A sweep is worth
// having where records shall go earlier than that:
//
//   - under ttl.Active, with a threshold below the TTL: a TTL of a day for
//     records that come back, and two hours for those that nobody asks for
//     while memory is short;
//   - under ttl.Fixed, where a TTL bounds the age of the data and says nothing
//     of its use.
//
// Where the TTL alone is the right answer, use no sweep. For records that shall
// die although they are used, use ttl.MaxAge.
package sweep
