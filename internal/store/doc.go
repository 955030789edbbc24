// Package store keeps the records of one cache in Redis: keys and bytes in, bytes out. It has no
// type parameters and knows no codec.
//
// # Layout
//
// The Redis type of a key says what the key holds. Times are milliseconds of the server's clock.
//
//   - A string is a value under the cache's policy, and nothing but the value.
//   - A list is a value with terms of its own: the value, its TTL or 0 for the policy's, its
//     deadline in Unix time or 0, and whatever later versions add.
//   - A hash that is the lease or the marker of a load is no record. Every reader sees a miss, and
//     every write removes it.
//   - Anything else is not ours: ErrWrongType.
//
// # What to know before you change a read
//
//  1. The layout above. A plain command can tell a string from the rest: GET and GETEX answer
//     WRONGTYPE for the other types.
//  2. A plan is one operation on one key: its first command, and what follows from each reply. The
//     function one runs it for one key, many for many keys, so Get and GetMany cannot differ.
//  3. A wire.Sender sends. It is the wire itself, its primaries for what decides about a record, or
//     the index of accesses, which notes the access on the way. A plan does not know which.
//  4. A read renews under a policy that does. The exception is a key whose last value this process
//     could not decode (unreadable).
//  5. lists says whether to expect lists. It learns that from replies alone. It decides whether a
//     read begins with a plain command or with a script.
//  6. Under a tolerance, renewed remembers which records need not be renewed for a while. For all
//     others get_tolerant.lua decides. changed is told of every record that a method of Store
//     writes or removes.
//  7. In Lua, record (record.lua) dispatches on the layout. get_head.lua and get_tolerant_head.lua
//     stand in front of it and answer for most strings.
package store
