// Package sweep describes when and how a cache removes records that nobody has used for a time, and
// what a pass did. It knows nothing of Redis: the cache makes the passes, and a [Sweeper] decides
// when.
//
// Redis removes a record by itself when its TTL has run out. A sweep is useful where unused records
// must go earlier than that:
//
//   - under ttl.Active, with a threshold below the TTL. For example, the TTL is a day, and a sweep
//     removes records that were not used for two hours while memory is short;
//   - under ttl.Fixed, where a TTL bounds the age of the data and says nothing about its use.
//
// If the TTL alone is enough, use no sweep. For records that must expire although they are used,
// use ttl.MaxAge.
package sweep
