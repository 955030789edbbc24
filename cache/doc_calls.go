// # Operations and their cost
//
// The table shows the commands of each operation for one key. Each takes one round trip, except
// where a number follows. A script is one EVALSHA.
//
//	                   under Active                      under Fixed
//	Get                GETEX ¹                           GET ¹
//	Peek               GET ¹                             GET ¹
//	GetOrLoad, hit     as Get                            the same
//	GetOrLoad, miss    as Get, 2 scripts (3)             the same
//	Reload             2 scripts (2)                     the same
//	Set                SET ²                             SET
//	Add, Update        script                            script
//	UpdateField(s)     GETEX ¹, script (2)               the same
//	Modify, Upsert     GETEX ¹, script (2)               the same
//	Touch              script                            script, renews nothing
//	Inspect            script                            script; with TrackAccess 2 (2)
//	Delete             UNLINK                            UNLINK
//
// The exceptions:
//
//   - ¹ It is a script, still one command, while the cache has records with their own terms:
//     [WithTTL] under Active, or [ttl.MaxAge]. The first such record costs one command more. After
//     256 reads without one, plain commands come first again.
//   - ² It is a script with WithTTL under Active, and with MaxAge.
//   - With a [ttl.Tolerance], a Get is a GET for a record that this process knows to be renewed,
//     and a script for others.
//   - With [ttl.Refresh], a GetOrLoad of a record that this process does not know is a script.
//     With [Near], so is each read that memory does not answer.
//   - A Get, Peek or GetMany of a key with a lease or a marker costs a script more.
//   - With Options.TrackAccess or a Sweeper, an access under Fixed costs one script more, at most
//     once for each key and window. No caller waits for another round trip.
//   - The first call of a script on a server costs one round trip more.
//   - Each conflict with another writer costs Modify, Upsert and UpdateField 1 more command, and 2
//     after the third one.
//
// Batches do for each key what the single operation does. GetMany, SetMany and DeleteMany take one
// round trip for each server and 1000 keys. GetOrLoadMany takes that too, and two more for each 100
// missing keys. With [ttl.Refresh] it reads 100 keys at a time. SetMany also cuts its batches at 8
// MiB of values. GetMany and All cut them at about 1 MiB,
// by the sizes of the values that the cache has seen so far. A new cache begins with a batch of one
// key. Each batch that follows has up to four times as many keys as the one before.
//
// Walks scan the whole database of each server:
//
//   - All: a SCAN for each 512 keys of the database, and a Get as Peek for each record
//   - Keys, Len: a SCAN for each 512 keys, and a TYPE for each key of the cache; an LRANGE too for
//     a record with its own terms
//   - Clear: as Keys, and an UNLINK for each record; a script for each lease or marker
//   - Sweep under Active: a SCAN for each page, a PTTL and a TYPE for each record, and a script for
//     each idle record. Package sweep says what it costs under Fixed.
//
// Get, GetMany, GetOrLoad, GetOrLoadMany, Update, UpdateField, UpdateFields, Modify, Upsert and
// Touch renew a record under Active. Peek, Inspect, All, Keys and Len do not. Nothing revives
// an expired record.
//
// Set, SetMany and Reload change a record's own terms. So does GetOrLoad when it loads again: for a
// refresh, or for bytes that it cannot decode. [OwnTTL] sets the terms there. Without it, the
// policy applies.
//
// Tests hold these counts (TestCommandsOnTheWire, TestCommandsOfLoads).
package cache
